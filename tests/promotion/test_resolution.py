from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from promokit.errors import ConfigError, PromokitError, Refused, Unreachable, VerificationFailed
from promokit.image import Digest
from promokit.promotion.resolution import Resolved, resolve, resolve_tag
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene
from tests.registry.documents import digest_of, image

CHART = "2026.01.02.0003"


def resolved(scene: Scene, **settings: Any) -> Resolved:
    return resolve(scene.environment, clients=scene.clients, **settings)


def changed(scene: Scene, change: Callable[[dict[str, Any]], None], name: str = "main-app") -> None:
    """Change a Deployment's object as it is kept, and not what rolls out."""
    change(scene.api.get("deployments", name))


def test_what_runs_is_told_with_tag_commit_and_health(scene: Scene) -> None:
    """Three lists of the cluster are enough."""
    found = resolved(scene)
    assert (found.image, found.revision, found.healthy) == (scene.images[FIRST], FIRST, True)
    assert found.since is not None
    assert [each.path.rpartition("/")[2] for each in scene.api.calls] == ["deployments", "replicasets", "pods"]


def paused(data: dict[str, Any]) -> None:
    data["spec"]["paused"] = True


def at_zero(data: dict[str, Any]) -> None:
    data["spec"]["replicas"] = 0


def rolling(data: dict[str, Any]) -> None:
    data["status"]["updatedReplicas"] = 0


def unobserved(data: dict[str, Any]) -> None:
    data["metadata"]["generation"] += 1


def repinned(data: dict[str, Any]) -> None:
    """The spec asks for a digest that isn't the pods', and no rollout of it shows."""
    container = data["spec"]["template"]["spec"]["containers"][0]
    container["image"] = container["image"].partition("@")[0] + "@sha256:" + "9" * 64


@pytest.mark.parametrize(
    ("change", "reason", "kind"),
    [
        (paused, "paused", Refused),
        (at_zero, "zero-replicas", Refused),
        (rolling, "rollout-under-way", Unreachable),
        (unobserved, "rollout-under-way", Unreachable),
        (repinned, "spec-differs", Refused),
    ],
)
def test_each_doubt_is_an_error_with_its_reason_word(
    scene: Scene, change: Callable[[dict[str, Any]], None], reason: str, kind: type[PromokitError]
) -> None:
    """Never a guess, and the word is there for programs too."""
    changed(scene, change)
    with pytest.raises(kind, match=reason) as caught:
        resolved(scene)
    assert caught.value.reason == reason
    assert caught.value.remedy


def test_no_ready_pod_is_no_proof(scene: Scene) -> None:
    """A pod that shares the labels but belongs to a Job doesn't stand in for one."""
    pod = scene.api.get("pods", "main-app-1-0")
    scene.api.delete("pods", "main-app-1-0")
    scene.api.put("pods", "db-migrate-1", {**pod, "metadata": {"labels": {"app": "main-app"}}})
    with pytest.raises(Refused, match="no-pods"):
        resolved(scene)


def told(scene: Scene, name: str, image_id: str) -> None:
    scene.api.get("pods", name)["status"]["containerStatuses"][0]["imageID"] = image_id


def test_a_mirrors_host_is_no_conflict(scene: Scene) -> None:
    """The digest decides, wherever it was pulled from."""
    told(scene, "main-app-1-0", f"mirror.example/cache/app@{scene.images[FIRST].digest}")
    assert resolved(scene).image == scene.images[FIRST]


def test_a_runtime_that_tells_an_image_of_the_index_is_believed(scene: Scene) -> None:
    """As CRI-O does; the registry knows the index's images."""
    registry, running = scene.registry, scene.images[FIRST]
    assert running.digest
    manifest = scene.clients.registry(registry.repository).manifest(registry.repository, running.digest)
    assert manifest
    told(scene, "main-app-1-0", f"{registry.repository}@{manifest.children[0]}")
    assert resolved(scene).image == running


def test_a_doubt_that_the_registry_could_dispel_tells_why_it_was_not_asked(scene: Scene) -> None:
    """Not the image's fault: the registry lets nobody in."""
    told(scene, "main-app-1-0", f"{scene.registry.repository}@{Digest('sha256:' + '9' * 64)}")
    with pytest.raises(Refused, match="spec-differs"):
        resolved(scene)
    scene.registry.open = False
    with pytest.raises(Unreachable, match=r"spec-differs.*registry can't be asked"):
        resolved(scene)


def with_worker(scene: Scene, tag: str) -> None:
    """Let worker-app run another image."""
    data = scene.api.get("deployments", "worker-app")
    spec = {**data["spec"], "template": {"spec": {"containers": [{"name": "worker", "image": str(scene.images[tag])}]}}}
    scene.api.put("deployments", "worker-app", {**data, "spec": spec})


@pytest.mark.parametrize(("tag", "why"), [(SECOND, "worker-app/worker runs sha256:"), (THIRD, "worker-app/worker is")])
def test_health_is_that_of_every_workload(scene: Scene, tag: str, why: str) -> None:
    """Another digest or a crash anywhere is not healthy, though the reference is; require-healthy refuses it."""
    with_worker(scene, tag)
    assert resolved(scene).healthy is False
    with pytest.raises(Refused, match=why) as caught:
        resolved(scene, require_healthy=True)
    assert caught.value.reason == "unhealthy"


def test_a_pin_without_a_tag_needs_one_where_the_registry_can_not_be_asked(scene: Scene) -> None:
    """The tag that is given must mean what runs."""
    untagged = str(scene.images[FIRST]).replace(f":{FIRST}@", "@")
    for name, container in (("main-app", "main-app"), ("worker-app", "worker")):
        data = scene.api.get("deployments", name)
        data["spec"]["template"]["spec"]["containers"] = [{"name": container, "image": untagged}]
    with pytest.raises(ConfigError, match="--tag"):
        resolved(scene)
    assert resolved(scene, tag=FIRST).image == scene.images[FIRST]
    with pytest.raises(VerificationFailed, match=SECOND):
        resolved(scene, tag=SECOND)
    with pytest.raises(ConfigError):
        resolved(scene, tag="latest")


def test_a_pinned_tag_that_means_something_else_is_an_error(scene: Scene) -> None:
    """The tag was moved: nobody can say any more what the name stands for."""
    scene.registry.tags[FIRST] = scene.registry.tags[SECOND]
    with pytest.raises(VerificationFailed, match=FIRST):
        resolved(scene)


def test_a_rollout_under_way_is_waited_for(scene: Scene) -> None:
    """Until every workload is at rest, asking for the Deployments alone."""
    changed(scene, rolling)
    changed(scene, rolling, "worker-app")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        name = {2: "main-app", 3: "worker-app"}.get(len(pauses))
        if name:
            scene.api.get("deployments", name)["status"]["updatedReplicas"] = 1

    assert resolved(scene, wait=True, sleep=sleep).image == scene.images[FIRST]
    assert len(pauses) == 3
    assert len(scene.api.calls) == 3 + 3 + 3


def test_waiting_ends_with_the_environments_timeout(scene: Scene) -> None:
    """Then the reason is still the rollout."""
    changed(scene, rolling)
    pauses: list[float] = []
    scene = evolve(scene, environment=evolve(scene.environment, timeout=timedelta(seconds=10)))
    with pytest.raises(Unreachable, match="rollout-under-way"):
        resolved(scene, wait=True, sleep=pauses.append)
    assert sum(pauses) == 10


def test_nothing_is_waited_for_at_rest(scene: Scene) -> None:
    """A paused rollout isn't one that ends by itself."""
    assert resolved(scene, wait=True, sleep=lambda _: pytest.fail("waited")).image == scene.images[FIRST]
    changed(scene, rolling)
    changed(scene, paused)
    with pytest.raises(Refused, match="paused"):
        resolved(scene, wait=True, sleep=lambda _: pytest.fail("waited"))


def test_a_tag_of_something_that_can_not_run_is_refused_by_name(scene: Scene) -> None:
    """A chart under a release tag: neither resolved nor planned."""
    chart = image(config={"mediaType": "application/vnd.cncf.helm.config.v1+json"})
    digest = str(digest_of(chart))
    scene.registry.images[digest], scene.registry.tags[CHART] = chart, digest
    with pytest.raises(Refused, match=r"nothing to run in it.*helm"):
        resolve_tag(scene.environment, CHART, clients=scene.clients)
    answers = {each.gate: each for each in scene.planned(CHART).answers}
    assert answers["origin"].word == "refused"
    assert "helm" in answers["origin"].sentence
    assert {name: each.word for name, each in answers.items() if name != "origin"} == {
        "platform": "allowed",  # there is no node
        "drift": "allowed",
        "hold": "unknown",
    }


def test_a_tag_is_told_with_its_commit(scene: Scene) -> None:
    """No cluster is asked."""
    found = resolve_tag(scene.environment, SECOND, clients=scene.clients)
    assert (found.image, found.revision, found.healthy) == (scene.images[SECOND], SECOND, None)
    assert scene.api.calls == []
    with pytest.raises(ConfigError, match="no image with the tag"):
        resolve_tag(scene.environment, CHART, clients=scene.clients)
