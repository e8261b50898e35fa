from datetime import timedelta

import pytest
from attrs import evolve

from promokit.cluster.objects import TEMPLATE_GENERATION, Controller, Pod, ReplicaSet
from promokit.identity.proof import REMEDIES, Proof, prove, running_digest, told_digest
from promokit.model import Workload
from tests.factories import NOW, REPOSITORY, WORKLOAD, container, deployment, digest, image, pod, replica_set, running

PODS = (pod("new-1"), pod("new-2"))


def proven(
    there: Controller | None = None, *pods: Pod, workload: Workload = WORKLOAD, sets: tuple[ReplicaSet, ...] = ()
) -> Proof:
    return prove(workload, there or deployment(), sets or (replica_set(), replica_set("1")), pods or PODS)


def runs(name: str, image_id: str) -> Pod:
    return pod(name, container(image_id=image_id))


def test_what_all_ready_pods_run_is_proven() -> None:
    """One digest, by the runtime's word, since the newest container's start."""
    later = pod("new-2", container(state=running(NOW + timedelta(minutes=1))))
    found = proven(None, PODS[0], later)
    assert (found.reason, found.digest, found.pods, found.remedy) == ("proven", digest(), 2, "")
    assert found.since == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        (deployment(paused=True), "paused"),
        (deployment(wanted=0), "zero-replicas"),
        (deployment(total=3), "rollout-under-way"),
        (deployment(updated=1), "rollout-under-way"),
        (deployment(generation=3, observed_generation=2), "rollout-under-way"),
        (deployment(images={"other": "x"}), "no-container"),
    ],
)
def test_each_doubt_about_the_deployment_has_its_reason_word(there: Controller, reason: str) -> None:
    """Nothing is proven while it isn't settled, and each doubt says how to get out of it."""
    found = proven(there)
    assert (found.reason, found.digest) == (reason, None)
    assert found.remedy


def test_a_deployment_that_is_not_there_is_a_doubt() -> None:
    """The manifests were never applied, or the configuration is wrong."""
    assert prove(WORKLOAD, None, [], []).reason == "no-workload"


def test_no_ready_pod_proves_nothing() -> None:
    """A pod that isn't Ready, or is on its way out, doesn't count; whether there are any is told apart."""
    assert proven(None, pod("new-1", ready=False), pod("new-2", deleting=True)).reason == "none-ready"
    assert proven(None, pod("new-2", deleting=True)).reason == "no-pods"


def test_a_migrations_pod_that_shares_labels_does_not_count() -> None:
    """Ownership by UID decides: a Job's pod of another image neither proves nor spoils anything."""
    job_pod = pod("db-migrate-1", container(image_id=f"{REPOSITORY}@{digest('b')}"), owner="job-uid")
    assert proven(None, *PODS, job_pod).reason == "proven"
    assert proven(None, job_pod).reason == "no-pods"


def test_pods_of_an_old_replica_set_do_not_count() -> None:
    """Only those of the current revision are the environment's."""
    old = pod("old-1", container(image_id=f"{REPOSITORY}@{digest('b')}"), owner="rs1")
    assert proven(None, *PODS, old).digest == digest()


def test_a_replica_set_of_another_deployment_does_not_count() -> None:
    """The same revision number elsewhere means nothing."""
    stranger = replica_set(owner="somebody-else", uid="rs9")
    assert proven(None, pod("x", owner="rs9"), sets=(stranger,)).reason == "no-pods"


def test_two_digests_are_no_proof() -> None:
    """A tag that moved between two pulls shows as two images under one name."""
    assert proven(None, PODS[0], runs("new-2", f"{REPOSITORY}@{digest('b')}")).reason == "two-digests"


def test_one_pod_without_a_digest_is_no_proof() -> None:
    """What one pod doesn't tell can't be guessed from the other."""
    assert proven(None, PODS[0], runs("new-2", "")).reason == "two-digests"


@pytest.mark.parametrize(
    ("image_id", "found"),
    [
        (f"{REPOSITORY}@{digest()}", digest()),
        (f"docker-pullable://{REPOSITORY}@{digest()}", digest()),
        (f"registry.example.com:5000/app@{digest()}", digest()),
        (str(digest()), None),
        (f"docker://{digest()}", None),
        (f"{REPOSITORY}@sha256:short", None),
        (f"{REPOSITORY}:2026.11.24.0001", None),
        ("", None),
    ],
)
def test_the_digest_is_read_where_the_runtime_tells_it(image_id: str, found: object) -> None:
    """A bare sha256 may be the digest of a config: it proves nothing."""
    assert running_digest(container(image_id=image_id)) == found


@pytest.mark.parametrize(
    ("image_id", "found"),
    [
        (f"docker-pullable://{REPOSITORY}@{digest()}", digest()),
        (str(digest()), digest()),
        (f"docker://{digest()}", digest()),
        ("a" * 64, digest()),
        (f"{REPOSITORY}:2026.11.24.0001", None),
        ("", None),
    ],
)
def test_what_a_runtime_tells_is_kept_for_the_registry(image_id: str, found: object) -> None:
    """A bare one too: the registry may know it as the digest of a config."""
    assert told_digest(container(image_id=image_id)) == found
    assert proven(None, runs("new-1", image_id)).told == {found}


def test_a_ready_pod_without_the_container_proves_nothing() -> None:
    """What it runs isn't told, and the others' word isn't enough."""
    assert proven(None, PODS[0], pod("new-2", container("another"))).reason == "two-digests"


def test_a_runtime_that_tells_no_digest_is_a_doubt() -> None:
    """Then the remedy is to pin the image."""
    found = proven(None, runs("new-1", str(digest())), runs("new-2", str(digest())))
    assert found.reason == "no-digest"
    assert "@sha256" in found.remedy


def test_pods_that_run_another_digest_than_the_pinned_one_are_a_doubt() -> None:
    """The spec says one image, the runtime another."""
    there = deployment(images={"main-app": str(image("b"))})
    assert proven(there).reason == "spec-differs"


def test_an_image_that_is_not_pinned_is_proven_by_the_pods_alone() -> None:
    """The spec has only a tag; the runtime's word is enough."""
    there = deployment(images={"main-app": f"{REPOSITORY}:2026.11.24.0001"})
    assert proven(there).digest == digest()


def test_other_containers_of_the_pod_do_not_count() -> None:
    """A sidecar's image is not the workload's."""
    with_proxy = evolve(PODS[0], containers=(container("proxy", image_id="proxy@" + str(digest("c"))), container()))
    assert proven(None, with_proxy).digest == digest()


def test_every_doubt_has_a_remedy() -> None:
    """Only what is proven needs none."""
    assert [reason for reason, remedy in REMEDIES.items() if not remedy] == ["proven"]


def test_a_daemon_set_that_went_back_is_proven_by_the_pods_that_were_never_replaced() -> None:
    """They have the number of before, and the hash of what runs."""
    back = deployment(kind="DaemonSet", annotations={TEMPLATE_GENERATION: "3"})
    kept = pod("kept", owner=back.uid, revision="1", template="good")
    found = proven(back, kept)
    assert (found.reason, found.pods) == ("proven", 1)
