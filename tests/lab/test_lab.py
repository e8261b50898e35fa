"""What the lab promises to those who build on it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import buildkit, certificates, postgres, registry
from tests.lab.commands import kubectl
from tests.lab.layout import BIN, CLUSTERS, ECR_HOST, ENVIRONMENTS, Cluster
from tests.lab.probe import probe
from tests.lab.state import Lab

pytestmark = pytest.mark.lab

NAMESPACE = "lab-probe"
REPOSITORY = f"{ECR_HOST}/lab-probe"
HOST_FOLDERS = ("/usr", "/lib", "/lib64")


@pytest.fixture(scope="module")
def pushed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A two-platform image in the registry, under the ECR host's name; `repository:tag@digest`."""
    context = tmp_path_factory.mktemp("image")
    shutil.copy(BIN / "pause", context)
    dockerfile = 'FROM scratch\nARG TARGETARCH\nCOPY pause /pause\nLABEL arch=$TARGETARCH\nENTRYPOINT ["/pause"]\n'
    (context / "Dockerfile").write_text(dockerfile)
    buildkit.build_and_push(context, (f"{REPOSITORY}:1",))
    return f"{REPOSITORY}:1@{registry.digest('lab-probe', '1')}"


@pytest.fixture(params=CLUSTERS, ids=lambda cluster: str(cluster.name))
def cluster(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Cluster]:
    """Each cluster, with an empty namespace for the test."""
    chosen: Cluster = request.param
    kubectl(chosen.kubeconfig, "create", "namespace", NAMESPACE)
    yield chosen
    kubectl(chosen.kubeconfig, "delete", "namespace", NAMESPACE, "--wait=true")


def test_a_two_platform_push_to_the_ecr_name_is_an_index(pushed: str) -> None:
    """buildx pushes one index with an amd64 and an arm64 image to the ECR host's name: the lab's registry."""
    index = registry.get("/v2/lab-probe/manifests/1")
    assert isinstance(index, dict)
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    platforms = {f"{it['platform']['os']}/{it['platform']['architecture']}" for it in index["manifests"]}
    assert {"linux/amd64", "linux/arm64"} <= platforms


def test_the_machines_own_hosts_file_is_untouched(pushed: str) -> None:
    """The ECR host's name leads to the registry in the lab's own namespaces only."""
    assert ECR_HOST not in Path("/etc/hosts").read_text()


def test_a_deployment_runs_and_its_pods_tell_the_indexs_digest(cluster: Cluster, pushed: str) -> None:
    """A pod's imageID is the repository and the digest of the index, and its spec stays as it was written."""
    kubectl(cluster.kubeconfig, "apply", "-f", "-", stdin=json.dumps(probe(NAMESPACE, pushed)))
    where = ("--namespace", NAMESPACE)
    kubectl(cluster.kubeconfig, "rollout", "status", "deployment/probe", "--timeout=60s", *where)
    pods = json.loads(kubectl(cluster.kubeconfig, "get", "pods", "-o", "json", *where))["items"]
    assert len(pods) == 2
    for pod in pods:
        assert pod["spec"]["containers"][0]["image"] == pushed
        assert pod["status"]["containerStatuses"][0]["imageID"] == pushed.replace(":1@", "@")


def test_a_pod_reaches_its_environments_database(cluster: Cluster, pushed: str) -> None:
    """PostgreSQL answers a client inside a pod, at the URL that the environment's Secret has."""
    environment = next(it for it in ENVIRONMENTS if it.cluster == cluster)
    command = [
        str(postgres.program("psql")),
        "-X",
        "-A",
        "-t",
        postgres.pod_url(environment),
        "-c",
        "SELECT 6 * 7",
    ]
    kubectl(
        cluster.kubeconfig,
        "apply",
        "-f",
        "-",
        stdin=json.dumps(_pod_with_the_hosts_programs(pushed, command)),
    )
    assert _end_of(cluster, "client") == "Succeeded"
    assert kubectl(cluster.kubeconfig, "logs", "client", "--namespace", NAMESPACE).strip() == "42"


def test_an_environments_role_sees_no_other_database(lab: Lab) -> None:
    """The environments share a PostgreSQL, but each role can enter its own database alone."""
    foreign = lab.postgres["test"].rpartition("/")[0] + "/credreg_prod"
    done = subprocess.run([postgres.program("psql"), "-X", foreign, "-c", "SELECT 1"], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"no pg_hba.conf entry" in done.stderr


def test_a_token_that_no_one_issued_is_refused(lab: Lab) -> None:
    """The API server knows neither anonymous clients nor tokens that its webhook doesn't accept."""
    for cluster in CLUSTERS:
        with pytest.raises(Exception, match=r"(?i)unauthorized|logged in"):
            kubectl(_without_credentials(cluster), "--token=nobody", "get", "pods")


def test_the_admission_policys_api_is_there(lab: Lab) -> None:
    """ValidatingAdmissionPolicy, which guards an environment's images, is served."""
    for cluster in CLUSTERS:
        said = kubectl(cluster.kubeconfig, "api-resources", "--api-group=admissionregistration.k8s.io", "-o", "name")
        assert "validatingadmissionpolicies.admissionregistration.k8s.io" in said.split()


def _pod_with_the_hosts_programs(image: str, command: list[str]) -> dict[str, Any]:
    """A pod whose image has nothing, with this machine's programs and their libraries mounted into it."""
    folders = [folder for folder in HOST_FOLDERS if Path(folder).is_dir()]
    mounts = [{"name": it.strip("/"), "mountPath": it, "readOnly": True} for it in folders]
    container = {"name": "client", "image": image, "command": command, "volumeMounts": mounts}
    volumes = [{"name": it.strip("/"), "hostPath": {"path": str(Path(it).resolve())}} for it in folders]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "client", "namespace": NAMESPACE},
        "spec": {"restartPolicy": "Never", "containers": [container], "volumes": volumes},
    }


def _end_of(cluster: Cluster, pod: str, seconds: float = 60) -> str:
    """The phase in which the pod ends."""
    deadline = time.monotonic() + seconds
    phase = ""
    while phase not in {"Succeeded", "Failed"} and time.monotonic() < deadline:
        flags = ("--namespace", NAMESPACE, "--output=jsonpath={.status.phase}")
        phase = kubectl(cluster.kubeconfig, "get", "pod", pod, *flags)
    return phase


def _without_credentials(cluster: Cluster) -> Path:
    """A kubeconfig that knows the server and its authority only."""
    content = json.loads(certificates.kubeconfig(cluster, certificates.ADMIN).read_text())
    for user in content["users"]:
        user["user"] = {}
    path = cluster.run / "nobody.kubeconfig"
    path.write_text(json.dumps(content))
    return path
