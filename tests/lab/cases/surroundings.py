"""Cases where the image is good and what the pods need around them is not."""

from __future__ import annotations

from typing import Any

from tests.lab.cases.case import Judged
from tests.lab.cases.images import COMPLETE, TWICE, case
from tests.lab.cases.manifests import config_map, container, deployment, secret, told_by
from tests.lab.cases.steps import Announce, Apply, Delete, Pass, Patch

_MISSING = "A ConfigMap, Secret or key is still missing 3 s after the first word of it."
_FORBIDDEN = "The creation of the pod was refused twice, not by a quota."
_NO_ACCOUNT = "The creation was refused, and the ServiceAccount is still missing 3 s after the first word of it."
_UNSCHEDULABLE = "Unschedulable for 20 s, and no autoscaler has spoken."


def _of(kind: str, name: str, version: str = "v1", **rest: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest}


def _slots(resource: str, count: str | None) -> Patch:
    """The node has so many of a resource that only the pods of one case ask for."""
    return Patch("node", "{node}/status", {"status": {"capacity": {f"promokit.test/{resource}": count}}})


def _one(resource: str, name: str = "web", image: str = "actor:good", **pod: Any) -> dict[str, Any]:
    """The Deployment web, or another, each pod with one of this resource."""
    return deployment(name, pod={**_wanting(resource, image), **pod})


def _wanting(resource: str, image: str = "actor:good") -> dict[str, Any]:
    amount = {f"promokit.test/{resource}": "1"}
    return {"containers": [container(image=image, resources={"limits": amount, "requests": amount})]}


_CONFIG = deployment(pod={"containers": [container(envFrom=[{"configMapRef": {"name": "settings"}}])]})
_KEY = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "access", "key": "token"}}}
_MOUNTS = [{"name": "state", "mountPath": "/state"}, {"name": "certificates", "mountPath": "/certificates"}]
_MOUNTED = {
    "volumes": [{"name": "state", "emptyDir": {}}, {"name": "certificates", "secret": {"secretName": "certificates"}}],
    "containers": [container(volumeMounts=_MOUNTS)],
}
_CLAIMED = {
    "volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": "data"}}],
    "containers": [container()],
}
_CLAIM = _of(
    "PersistentVolumeClaim",
    "data",
    spec={
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "none",
        "resources": {"requests": {"storage": "1Gi"}},
    },
)
_QUOTA = _of("ResourceQuota", "pods", spec={"hard": {"pods": "2"}})
_LIMITED = container(resources={"limits": {"memory": "64Mi"}})
_LIMIT_RANGE = _of("LimitRange", "memory", spec={"limits": [{"type": "Container", "max": {"memory": "32Mi"}}]})
_RESTRICTED = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
_WEBHOOK = _of(
    "ValidatingWebhookConfiguration",
    "{namespace}",
    "admissionregistration.k8s.io/v1",
    webhooks=[
        {
            "name": "down.promokit.test",
            "clientConfig": {"url": "https://127.0.0.1:9/"},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "{namespace}"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        }
    ],
)
_INIT = {"name": "prepare", "image": "actor:good", "env": [told_by("behaviour", "prepare")]}
_SIDECAR = {
    "name": "proxy",
    "image": "actor:good",
    "restartPolicy": "Always",
    "env": [told_by("behaviour", "proxy")],
}
_PRIORITY = _of("PriorityClass", "{namespace}", "scheduling.k8s.io/v1", value=1000)
_GIVES_WAY = _one("preempted", "filler", "actor:clings", terminationGracePeriodSeconds=26)
_GIVES_WAY["spec"]["replicas"] = 1
_ACCOUNT = _of("ServiceAccount", "runner")
_ENDING_FIRST = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
_BOTH_WAYS = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
_BY_TURNS = Judged("succeeded", "complete", "A new pod that gets Ready lets an old one go; then " + COMPLETE)


def _told(**words: str) -> dict[str, Any]:
    return config_map("behaviour", words)


CASES = (
    case(
        "config-map-missing",
        "better",
        Judged("failed", "config-missing", _MISSING),
        ground=(Apply(config_map("settings", {"COLOUR": "blue"})),),
        before=_CONFIG,
        prepare=(Delete("configmap", "settings"),),
        seconds=25,
    ),
    case(
        "secret-key-missing",
        "better",
        Judged("failed", "config-missing", _MISSING),
        ground=(Apply(secret("access", ["token", "other"])),),
        before=deployment(pod={"containers": [container(env=[_KEY])]}),
        prepare=(Patch("secret", "access", {"data": {"token": None}}),),
        seconds=25,
    ),
    case(
        "mounted-secret-missing",
        "better",
        Judged("failed", "config-missing", _MISSING, blames="web/pod"),
        ground=(Apply(secret("certificates", ["key"])),),
        before=deployment(pod=_MOUNTED),
        prepare=(Delete("secret", "certificates"),),
        seconds=25,
    ),
    case(
        "unschedulable",
        "better",
        Judged("failed", "unschedulable", _UNSCHEDULABLE, blames="web/pod"),
        ground=(_slots("slots", "2"), Pass()),
        before=_one("slots"),
        cleanup=(_slots("slots", None),),
        seconds=30,
    ),
    case(
        "unschedulable-until-scaled-up",
        "better",
        Judged("succeeded", "complete", "An autoscaler has spoken: then only the deadline ends the wait. " + COMPLETE),
        ground=(_slots("scaled", "2"), Pass()),
        before=_one("scaled"),
        meanwhile=((3, Announce("app=web", "TriggeredScaleUp")), (26, _slots("scaled", "3"))),
        cleanup=(_slots("scaled", None),),
        seconds=36,
    ),
    case(
        "unschedulable-by-turns",
        "slow",
        _BY_TURNS,
        ground=(_slots("turns", "2"), Pass()),
        before=deployment(strategy=_BOTH_WAYS, pod=_wanting("turns")),
        cleanup=(_slots("turns", None),),
        seconds=58,
    ),
    case(
        "preempts",
        "better",
        Judged("succeeded", "complete", "A pod that others are ended for isn't unschedulable for good. " + COMPLETE),
        ground=(_slots("preempted", "3"), Apply(_PRIORITY), Pass()),
        before=_one("preempted", priorityClassName="{namespace}"),
        prepare=(Apply(_GIVES_WAY), Pass(3)),
        cleanup=(_slots("preempted", None), Delete("priorityclass", "{namespace}")),
        seconds=38,
    ),
    case(
        "service-account-missing",
        "better",
        Judged("failed", "creation-refused", _NO_ACCOUNT, blames="web"),
        ground=(Apply(_ACCOUNT),),
        before=deployment(pod={"serviceAccountName": "runner"}),
        prepare=(Delete("serviceaccount", "runner"), Pass()),
        seconds=12,
    ),
    case(
        "claim-pending",
        "better",
        Judged("failed", "unschedulable", _UNSCHEDULABLE, blames="web/pod"),
        ground=(Apply(_CLAIM),),
        before=deployment(pod=_CLAIMED),
        healthy=False,
        prepare=(Pass(2),),
        seconds=30,
    ),
    case(
        "quota-used-up",
        "better",
        Judged("failed", "quota", "Two refusals by the quota while no old pod is ending.", blames="web"),
        prepare=(Apply(_QUOTA), Pass()),
        seconds=20,
    ),
    case(
        "quota-until-old-pods-end",
        "better",
        Judged("succeeded", "complete", "Refused by the quota while old pods are ending; then " + COMPLETE),
        before=deployment(
            strategy=_ENDING_FIRST,
            pod={"terminationGracePeriodSeconds": 5, "containers": [container(image="actor:clings")]},
        ),
        prepare=(Apply(_QUOTA), Pass()),
        seconds=24,
    ),
    case(
        "quota-by-turns",
        "steady",
        _BY_TURNS,
        before=deployment(strategy=_BOTH_WAYS),
        prepare=(Apply(_QUOTA), Pass()),
        seconds=50,
        replayed_only=True,
    ),
    case(
        "limit-range",
        "better",
        Judged("failed", "creation-refused", _FORBIDDEN, blames="web"),
        before=deployment(pod={"containers": [_LIMITED]}),
        prepare=(Apply(_LIMIT_RANGE), Pass()),
        seconds=15,
    ),
    case(
        "pod-security",
        "better",
        Judged("failed", "creation-refused", _FORBIDDEN, blames="web"),
        prepare=(Patch("namespace", "{namespace}", _RESTRICTED), Pass()),
        seconds=15,
    ),
    case(
        "webhook-down",
        "better",
        Judged("succeeded", "complete", "A webhook that can't be called is an outage, not a refusal; then " + COMPLETE),
        prepare=(Apply(_WEBHOOK), Pass(2)),
        meanwhile=((8, Delete("webhook", "{namespace}")),),
        cleanup=(Delete("webhook", "{namespace}"),),
        seconds=20,
    ),
    case(
        "evicted-by-the-kubelet",
        "fills",
        Judged(
            "succeeded",
            "complete",
            "Evictions aren't failures; the pods that come instead have to stay Ready for stable-for.",
            "--stable-for 20s",
        ),
        before=deployment(pod={"volumes": [{"name": "state", "emptyDir": {"sizeLimit": "2Mi"}}]}),
        seconds=38,
    ),
    case(
        "init-fails",
        "better",
        Judged("failed", "init-failed", "Two failures of an init container of one new pod.", blames="web/pod/prepare"),
        ground=(Apply(_told(prepare="-exit-after=0s -exit-code=0")),),
        before=deployment(pod={"initContainers": [_INIT], "containers": [container()]}),
        prepare=(Apply(_told(prepare="-exit-after=0s -exit-code=4")), Pass()),
        seconds=20,
    ),
    case(
        "sidecar-fails",
        "better",
        Judged("failed", "crash-loop", TWICE, "--stable-for 10s", blames="web/pod/proxy"),
        ground=(Apply(_told(proxy="-port=8081")),),
        before=deployment(pod={"initContainers": [_SIDECAR], "containers": [container()]}),
        prepare=(Apply(_told(proxy="-port=8081 -exit-after=2s")), Pass()),
        seconds=7,
    ),
)
