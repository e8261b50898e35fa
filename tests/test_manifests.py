"""What the committed manifests and promokit.yaml promise, read from the files: no cluster is asked."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml

from tests.manifests import ENVIRONMENTS, ROOT, Document, documents, mistakes, named

# A release tag can't move; a digest after it makes that proven.
IMMUTABLE = re.compile(r"[^:@]+:\d{4}\.\d{2}\.\d{2}\.\d{4,}(@sha256:[0-9a-f]{64})?")
REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/registry"

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
each_workload = pytest.mark.parametrize("name", ["main-app", "worker-app"])


def pod_templates(environment: str) -> dict[str, Any]:
    """The pod templates of an environment, by the name of the object that has them."""
    return {
        d["metadata"]["name"]: d["spec"]["template"]
        for d in documents(environment)
        if d["kind"] in {"Deployment", "Job"}
    }


def containers(environment: str) -> list[Any]:
    return [c for template in pod_templates(environment).values() for c in template["spec"]["containers"]]


def selectors(environment: str) -> list[dict[str, str]]:
    """Every selector that takes pods: the Service's and the Deployments'."""
    service = named(environment, "Service", "main-app")["spec"]["selector"]
    deployments = [named(environment, "Deployment", n) for n in ("main-app", "worker-app")]
    return [service, *(d["spec"]["selector"]["matchLabels"] for d in deployments)]


def rules(environment: str) -> list[Document]:
    return [rule for d in documents(environment) if d["kind"] in {"Role", "ClusterRole"} for rule in d["rules"]]


@each_environment
def test_api_types_take_every_object(environment: str) -> None:
    """No object has a field that Kubernetes doesn't know or a value of another type."""
    assert [m for document in documents(environment) for m in mistakes(document)] == []


def test_a_typo_and_a_wrong_type_are_mistakes() -> None:
    """The check itself sees an unknown field and a value of the wrong type, however deep."""
    deployment = copy.deepcopy(named("test", "Deployment", "main-app"))
    deployment["spec"]["replica"] = 2
    deployment["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = "9292"
    assert mistakes(deployment) == [
        "Deployment.spec.template.spec.containers[0].ports[0].containerPort: '9292' is no int",
        "Deployment.spec: no field replica",
    ]


@each_environment
def test_everything_is_in_the_environments_namespace(environment: str) -> None:
    """A plain `kubectl apply -f` of the folder reaches this namespace, which comes first, and no other."""
    first, *others = documents(environment)
    assert (first["kind"], first["metadata"]["name"]) == ("Namespace", f"credreg-{environment}")
    assert {d["metadata"].get("namespace") for d in others} == {f"credreg-{environment}"}


@pytest.mark.parametrize("environment", ["sandbox", "prod"])
def test_environments_differ_only_in_name_and_size(environment: str) -> None:
    """What was proven in TEST is what runs on: only the environment's name and the HPA's size are its own."""

    def neutral(of: str) -> str:
        text = yaml.safe_dump_all(documents(of))
        for form in (f"credreg-{of}", f"promokit:deploy-{of}", f"ENVIRONMENT: {of}"):
            text = text.replace(form, form.removesuffix(of) + "*")
        return re.sub(r"maxReplicas: \d+", "maxReplicas: *", text)

    assert neutral(environment) == neutral("test")


@each_environment
@pytest.mark.parametrize(
    ("workload", "container", "replicas", "port"),
    [("main-app", "main-app", 2, 9292), ("worker-app", "worker", 1, 9293)],
)
def test_workloads(environment: str, workload: str, container: str, replicas: int, port: int) -> None:
    """Each workload has its container, size and port, and a rollout never takes a ready pod away first."""
    spec = named(environment, "Deployment", workload)["spec"]
    assert spec["replicas"] == replicas
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    assert pod["serviceAccountName"] == "main-app-service-account"
    assert [(c["name"], c["ports"][0]["containerPort"]) for c in pod["containers"]] == [(container, port)]
    assert pod["containers"][0]["command"] == [f"/{workload}"]


@each_environment
@each_workload
def test_probes_ask_a_port_that_exists(environment: str, name: str) -> None:
    """Readiness and liveness ask different pages of a named port, so a failing release isn't restarted."""
    [container] = pod_templates(environment)[name]["spec"]["containers"]
    probes = [container[kind]["httpGet"] for kind in ("readinessProbe", "livenessProbe")]
    assert [p["path"] for p in probes] == ["/health", "/live"]
    assert {p["port"] for p in probes} == {p["name"] for p in container["ports"]}


@each_environment
def test_images_are_immutable_references(environment: str) -> None:
    """Every image is a release of the one repository: no `latest`, no branch, nothing that can move."""
    for container in containers(environment):
        assert container["image"].startswith(f"{REPOSITORY}:")
        assert IMMUTABLE.fullmatch(container["image"])
        assert container["imagePullPolicy"] == "IfNotPresent"


@each_environment
def test_service_and_hpa_belong_to_main_app(environment: str) -> None:
    """The Service reaches main-app's pods by a port that they name; the HPA never goes under two of them."""
    service = named(environment, "Service", "main-app")["spec"]
    template = pod_templates(environment)["main-app"]
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert service["ports"][0]["targetPort"] in {p["name"] for p in template["spec"]["containers"][0]["ports"]}
    hpa = named(environment, "HorizontalPodAutoscaler", "main-app")["spec"]
    assert (hpa["scaleTargetRef"]["kind"], hpa["scaleTargetRef"]["name"]) == ("Deployment", "main-app")
    assert hpa["minReplicas"] == 2 <= hpa["maxReplicas"]


@each_environment
def test_no_selector_takes_a_migrations_pod(environment: str) -> None:
    """The migration's pods get no request and count for no Deployment."""
    labels = pod_templates(environment)["db-migrate"]["metadata"]["labels"]
    assert not any(selector.items() <= labels.items() for selector in selectors(environment))


@each_environment
def test_each_selector_takes_its_own_pods_alone(environment: str) -> None:
    """No Deployment's selector matches another's pods."""
    labels = {name: t["metadata"]["labels"] for name, t in pod_templates(environment).items()}
    for name in ("main-app", "worker-app"):
        selector = named(environment, "Deployment", name)["spec"]["selector"]["matchLabels"]
        assert [n for n, of_pod in labels.items() if selector.items() <= of_pod.items()] == [name]


@each_environment
def test_applying_the_template_runs_no_migration(environment: str) -> None:
    """The Job template is suspended, so a plain apply changes no schema; its limits are set."""
    spec = named(environment, "Job", "db-migrate")["spec"]
    assert (spec["suspend"], spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (True, 1, 900)
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


@each_environment
def test_pods_meet_the_restricted_pod_security_standard(environment: str) -> None:
    """The namespace enforces `restricted`, and every pod template says all that it asks for."""
    labels = documents(environment)[0]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for template in pod_templates(environment).values():
        pod = template["spec"]["securityContext"]
        assert pod["runAsNonRoot"]
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "volumes" not in template["spec"]
    for container in containers(environment):
        context = container["securityContext"]
        assert not context["allowPrivilegeEscalation"]
        assert context["readOnlyRootFilesystem"]
        assert context["capabilities"] == {"drop": ["ALL"]}


@each_environment
def test_secrets_are_named_not_committed(environment: str) -> None:
    """The folder has no Secret; every container takes the database's address from app-secrets."""
    assert "Secret" not in {d["kind"] for d in documents(environment)}
    for container in containers(environment):
        [address] = [e for e in container["env"] if e["name"] == "DATABASE_URL"]
        assert address["valueFrom"]["secretKeyRef"] == {"name": "app-secrets", "key": "DATABASE_URL"}


@each_environment
def test_rbac_has_no_wildcard_and_no_way_up(environment: str) -> None:
    """No rule says `*`, reads Secrets, starts a shell in a pod, or changes RBAC."""
    for rule in rules(environment):
        words = {w for key in ("apiGroups", "resources", "verbs") for w in rule[key]}
        assert not words & {
            "*",
            "secrets",
            "pods/exec",
            "roles",
            "rolebindings",
            "escalate",
            "bind",
            "impersonate",
        }


@each_environment
def test_only_what_a_promotion_changes_may_be_changed(environment: str) -> None:
    """Beyond reading: patch the workloads by name, run Jobs, keep ledger, list and lease, write Events."""
    reading = {"get", "list", "watch"}
    changing = {
        (resource, verb, *sorted(rule.get("resourceNames", [])))
        for rule in rules(environment)
        for resource in rule["resources"]
        for verb in set(rule["verbs"]) - reading
    }
    assert changing == {
        ("deployments", "patch", "main-app", "worker-app"),
        ("jobs", "create"),
        ("events", "create"),
        ("configmaps", "create"),
        ("configmaps", "update", "promokit-allowed", "promokit-ledger"),
        ("leases", "create"),
        ("leases", "update", "promokit"),
    }


@each_environment
def test_groups(environment: str) -> None:
    """Reading and deploying are two groups, the second this environment's own; each has its Role."""
    bindings = [d for d in documents(environment) if d["kind"].endswith("Binding")]
    given = {(b["roleRef"]["name"], s["kind"], s["name"]) for b in bindings for s in b["subjects"]}
    assert given == {
        ("promokit-read", "Group", "promokit:read"),
        ("promokit-deploy", "Group", f"promokit:deploy-{environment}"),
    }
    for binding in bindings:
        assert named(environment, binding["roleRef"]["kind"], binding["roleRef"]["name"])["rules"]


@each_environment
def test_promokit_yaml_names_what_the_manifests_have(environment: str) -> None:
    """Namespace, workloads, Job template and image repository of promokit.yaml are those of the manifests."""
    model = yaml.safe_load((ROOT / "promokit.yaml").read_text(encoding="utf-8"))
    settings = model["environments"][environment]
    assert settings["namespace"] == f"credreg-{environment}"
    workloads = [w.split("/") for w in settings["workloads"]]
    assert [c for w, c in workloads if c != pod_templates(environment)[w]["spec"]["containers"][0]["name"]] == []
    assert (ROOT / settings["migration"]["job"]).parent.name == f"k8s-manifests-{environment}"
    assert (ROOT / settings["migration"]["job"]).is_file()
    assert model["image"]["repository"] == REPOSITORY
