"""What runs is proven from real pods: each kind of pin, an index with provenance, mid-rollout, changed by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from promokit.cluster.nodes import node_platforms
from promokit.errors import PromokitError
from promokit.image import ImageRef
from promokit.model import Cluster, Environment, ImageSettings, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.resolution import Resolved, resolve
from tests.lab import buildkit, control, registry
from tests.lab.commands import kubectl
from tests.lab.layout import BIN, CLUSTERS, ECR_HOST
from tests.lab.probe import probe
from tests.lab.state import Lab

pytestmark = pytest.mark.lab

CLUSTER = CLUSTERS[0]
NAMESPACE, NAME = "lab-resolve", "lab-resolve"
REPOSITORY = f"{ECR_HOST}/{NAME}"
FIRST, SECOND, COMMIT = "2026.01.02.0003", "2026.01.02.0004", "c0ffee" + "0" * 34


@pytest.fixture(scope="module")
def images(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two releases as buildx pushes them, with provenance, and their digests; the first has its commit's tag too."""
    control.call("PUT", f"{control.AWS}/_lab/repositories/{NAME}", {"imageTagMutability": "IMMUTABLE"})
    for tag, more in ((FIRST, (f"{REPOSITORY}:{COMMIT}",)), (SECOND, ())):
        context = tmp_path_factory.mktemp("image")
        shutil.copy(BIN / "pause", context)
        (context / "Dockerfile").write_text(f'FROM scratch\nCOPY pause /pause\nLABEL is={tag}\nENTRYPOINT ["/pause"]\n')
        buildkit.build_and_push(context, (f"{REPOSITORY}:{tag}", *more))
    digests = {tag: str(registry.digest(NAME, tag)) for tag in (FIRST, SECOND)}
    assert len({*digests.values()}) == 2
    return digests


@pytest.fixture
def clients(lab: Lab) -> Iterator[Clients]:
    """An empty namespace; the cluster by its administrator's kubeconfig, ECR by the role that plans."""
    kubectl(CLUSTER.kubeconfig, "create", "namespace", NAMESPACE)
    keys = control.call("POST", f"{control.AWS}/_lab/assume", {"role": "promokit-plan"})
    yield Clients(
        {
            "AWS_ENDPOINT_URL": control.AWS,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
            "KUBECONFIG": lab.kubeconfig,
            "HOME": "/nonexistent",
        }
    )
    kubectl(CLUSTER.kubeconfig, "delete", "namespace", NAMESPACE, "--wait=true")


def where() -> Environment:
    return Environment(
        name="lab",
        namespace=NAMESPACE,
        workloads=(Workload("probe", "probe"),),
        cluster=Cluster(context=CLUSTER.name),
        image=ImageSettings(REPOSITORY, "master"),
    )


def run(image: str, *, wait: bool = True) -> None:
    """Apply a Deployment of two with this image; its labels are a foreign Job's pod's too."""
    kubectl(CLUSTER.kubeconfig, "apply", "-f", "-", stdin=json.dumps(probe(NAMESPACE, image)))
    if wait:
        at_rest()


def at_rest() -> None:
    kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, "rollout", "status", "deployment/probe", "--timeout=60s")


def set_image(image: str) -> None:
    kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, "set", "image", "deployment/probe", f"probe={image}")


def resolved(clients: Clients, **settings: Any) -> Resolved:
    return resolve(where(), clients=clients, **settings)


@pytest.mark.parametrize("pin", ["{0}:{1}@{2}", "{0}:{1}", "{0}@{2}", "{0}:" + COMMIT])
def test_each_kind_of_pin_is_proven_from_real_pods(images: dict[str, str], clients: Clients, pin: str) -> None:
    """By both, by tag, by digest, by commit: the digest of the index that has the provenance, and the release tag."""
    index = registry.get(f"/v2/{NAME}/manifests/{FIRST}")
    assert isinstance(index, dict)
    assert "unknown" in {each["platform"]["os"] for each in index["manifests"]}
    run(pin.format(REPOSITORY, FIRST, images[FIRST]))
    calls = len(ecr_calls())
    found = resolved(clients, require_healthy=True)
    assert (found.image, found.revision) == (ImageRef.parse(f"{REPOSITORY}:{FIRST}@{images[FIRST]}"), COMMIT)
    assert len(ecr_calls()) - calls <= 2


def ecr_calls() -> list[str]:
    return [each["name"] for each in control.call("GET", f"{control.AWS}/_lab/calls")["calls"]]


def test_an_image_set_by_hand_is_what_runs(images: dict[str, str], clients: Clients) -> None:
    """After kubectl set image with a bare tag: the pods' digest, confirmed by the tag."""
    run(f"{REPOSITORY}:{FIRST}@{images[FIRST]}")
    set_image(f"{REPOSITORY}:{SECOND}")
    found = resolved(clients, wait=True)
    assert (found.image.tag, str(found.image.digest)) == (SECOND, images[SECOND])


def test_mid_rollout_nothing_is_proven(images: dict[str, str], clients: Clients) -> None:
    """An image that can't be pulled keeps the rollout under way; gone back, the old one is proven again."""
    run(f"{REPOSITORY}:{FIRST}@{images[FIRST]}")
    set_image(f"{REPOSITORY}:2026.01.09.0009")
    with pytest.raises(PromokitError) as caught:
        resolved(clients)
    assert caught.value.reason == "rollout-under-way"
    kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, "rollout", "undo", "deployment/probe")
    at_rest()
    assert str(resolved(clients).image.digest) == images[FIRST]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("rollout", "pause", "deployment/probe"), "paused"),
        (("scale", "deployment/probe", "--replicas=0"), "zero-replicas"),
    ],
)
def test_what_does_not_run_is_not_proven(
    images: dict[str, str], clients: Clients, command: tuple[str, ...], reason: str
) -> None:
    """A paused Deployment and one at zero have a reason word each."""
    run(f"{REPOSITORY}:{FIRST}@{images[FIRST]}")
    kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, *command)
    with pytest.raises(PromokitError) as caught:
        resolved(clients)
    assert caught.value.reason == reason


def test_a_foreign_pod_with_the_same_labels_changes_nothing(images: dict[str, str], clients: Clients) -> None:
    """Ownership decides: it runs the other release, Ready, with the Deployment's labels."""
    run(f"{REPOSITORY}:{FIRST}@{images[FIRST]}")
    # Owned by something, so that the ReplicaSet doesn't adopt it.
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner_uid(), "controller": True}
    meta = {"name": "stranger", "namespace": NAMESPACE, "labels": {"app": "probe"}, "ownerReferences": [owner]}
    spec = {"containers": [{"name": "probe", "image": f"{REPOSITORY}:{SECOND}"}], "terminationGracePeriodSeconds": 1}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    kubectl(CLUSTER.kubeconfig, "apply", "-f", "-", stdin=json.dumps(pod))
    kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, "wait", "pod/stranger", "--for=condition=Ready", "--timeout=60s")
    found = resolved(clients)
    assert (found.image.tag, found.healthy) == (FIRST, True)


def owner_uid() -> str:
    kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, "create", "configmap", "owner")
    return kubectl(CLUSTER.kubeconfig, "-n", NAMESPACE, "get", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")


def test_the_real_nodes_tell_their_platform(clients: Clients) -> None:
    """What check compares an image with."""
    platforms = node_platforms(clients.namespace(where()).transport)
    assert [each.partition("/")[0] for each in platforms] == ["linux"]
