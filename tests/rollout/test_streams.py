import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from promokit.cluster.objects import Event
from promokit.cluster.watch import Pauses
from promokit.model import Workload
from promokit.rollout.arrival import Arrival
from promokit.rollout.streams import TELLING_EVENTS, Streams, streams_for
from tests.cluster.api_server import ApiServer
from tests.factories import WORKLOAD, deployment
from tests.manifest_objects import deployment_json

RESOURCES = {"deployments": "Deployment", "replicasets": "ReplicaSet", "pods": "Pod", "events": "Event"}
QUICK = Pauses(first=0.01, longest=0.05, lived=0.02)


@contextmanager
def streaming(
    api: ApiServer, queries: Mapping[str, Mapping[str, str]] | None = None, **settings: object
) -> Iterator[Streams]:
    settings = {"pauses": QUICK, "resources": RESOURCES, **settings}
    with Streams(api.namespace(), queries or {}, **settings) as streams:  # type: ignore[arg-type]
        yield streams


def until(streams: Streams, enough: Callable[[list[Arrival]], bool]) -> list[Arrival]:
    """Drain until it is enough, for ten seconds at most."""
    arrived: list[Arrival] = []
    ends = time.monotonic() + 10
    while not enough(arrived) and time.monotonic() < ends:
        arrived += streams.drain(0.1)
    assert enough(arrived), arrived
    return arrived


def named(arrived: list[Arrival], kind: str = "ADDED") -> list[str]:
    """The names of what was added, or what else is asked for."""
    changes = [each for each in arrived if each.type == kind]
    return [each.seen.name for each in changes if each.seen is not None]


def pod(**labels: str) -> dict[str, object]:
    return {"metadata": {"labels": labels}}


def event(reason: str) -> dict[str, object]:
    return {"reason": reason, "involvedObject": {"kind": "Pod", "uid": "u", "name": reason}}


def test_they_tell_when_each_has_been_listed_once(api: ApiServer) -> None:
    """So that a change is made only when it can be seen; what arrived meanwhile is kept."""
    api.put("pods", "a", pod())
    with streaming(api) as streams:
        assert streams.unlisted(10) == frozenset()
        assert named(streams.drain(0)) == ["a"]


def test_what_is_not_listed_in_time_is_told(api: ApiServer) -> None:
    """The one that asks decides what to make of it."""
    api.fail(503, path="pods", times=10_000)
    with streaming(api) as streams:
        until(streams, lambda arrived: sum(bool(each.type) for each in arrived) >= 6)
        assert streams.unlisted(0.0) == {"pods"}


def test_which_resources_are_followed_is_the_callers_word(api: ApiServer) -> None:
    """StatefulSets, DaemonSets and Jobs are to be had; a kind that isn't read is told without an object."""
    kinds = {"statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "jobs": "Job"}
    template = {"spec": {"template": {"spec": {"containers": [{"name": "m", "image": "i"}]}}}}
    api.put("jobs", "migrate", template)
    with streaming(api, resources=kinds) as streams:
        assert streams.unlisted(10) == frozenset()
        assert named(streams.drain(0)) == ["migrate"]
    assert {each.path for each in api.calls} == {
        "/apis/apps/v1/namespaces/credreg-test/statefulsets",
        "/apis/apps/v1/namespaces/credreg-test/daemonsets",
        "/apis/batch/v1/namespaces/credreg-test/jobs",
    }


def test_json_comes_along_only_when_it_is_to_be_recorded(api: ApiServer) -> None:
    """Five thousand pods' JSON isn't held by default."""
    api.put("pods", "a", pod())
    for keep in (True, False):
        with streaming(api, keep_raw=keep) as streams:
            (arrival,) = [
                each for each in until(streams, lambda arrived: bool(named(arrived))) if each.seen is not None
            ]
            assert (arrival.raw is not None) is keep


def test_one_workload_is_asked_for_by_its_name_and_labels(api: ApiServer) -> None:
    """Neighbours in the namespace cost nothing."""
    for name in ("main-app", "worker-app"):
        api.put("deployments", name, deployment_json(name))
        api.put("pods", f"{name}-1", pod(app=name, tier="x"))
    resources, queries = streams_for({WORKLOAD: deployment()})
    with streaming(api, queries, resources=resources) as streams:
        assert streams.unlisted(10) == frozenset()
        assert sorted(named(streams.drain(0))) == ["main-app", "main-app-1"]


def test_a_selector_without_labels_narrows_nothing() -> None:
    """It may be one of expressions alone."""
    _, queries = streams_for({WORKLOAD: deployment(selector={})})
    assert (queries["pods"], queries["replicasets"]) == ({}, {})
    database = Workload("db", "db", "StatefulSet")
    resources, queries = streams_for({database: deployment("db", kind="StatefulSet", selector={"b": "2", "a": "1"})})
    assert queries["pods"] == {"labelSelector": "a=1,b=2"}
    assert list(resources) == ["statefulsets", "pods", "events"]


def test_several_workloads_are_asked_for_by_namespace() -> None:
    """One stream a kind, however many workloads there are."""
    others = {
        Workload("db", "db", "StatefulSet"): deployment("db"),
        Workload("agent", "a", "DaemonSet"): deployment("a"),
    }
    resources, queries = streams_for({WORKLOAD: deployment(), **others})
    assert list(resources) == ["deployments", "statefulsets", "daemonsets", "replicasets", "pods", "events"]
    assert queries == {"events": TELLING_EVENTS}


def test_events_of_what_went_well_are_left_out(api: ApiServer) -> None:
    """They are most of a healthy rollout's; those of pulls, kills, probes and refusals come."""
    for reason in ("Scheduled", "Pulled", "Created", "Started", "SuccessfulCreate", "Pulling", "Killing", "Failed"):
        api.put("events", f"e-{reason}", event(reason))
    with streaming(api, {"events": TELLING_EVENTS}) as streams:
        assert streams.unlisted(10) == frozenset()
        seen = [each.seen for each in streams.drain(0)]
    assert sorted(each.reason for each in seen if isinstance(each, Event)) == ["Failed", "Killing", "Pulling"]


def test_each_stream_has_one_connection(api: ApiServer) -> None:
    """Four of them and one for calls, also after every watch was ended and resumed."""
    here = api.namespace()
    with Streams(here, {}, RESOURCES, pauses=QUICK) as streams:
        streams.unlisted(10)
        for number in range(4):
            api.end_watches(orderly=True)
            api.put("pods", f"p{number}", pod())
            until(streams, lambda arrived: bool(named(arrived)))
            here.get("configmaps", "x")
    assert api.connections == 5


def test_closing_ends_the_streams(api: ApiServer) -> None:
    """No thread and no connection stays behind."""
    before = set(threading.enumerate())
    with streaming(api) as streams:
        streams.unlisted(10)
        mine = [each for each in threading.enumerate() if each.name.startswith("watch-") and each not in before]
    for thread in mine:
        thread.join(5)
    assert len(mine) == len(RESOURCES)
    assert not [each for each in mine if each.is_alive()]


@pytest.mark.parametrize("streams_lists", [True, False])
def test_a_watch_that_is_cut_again_and_again_loses_nothing(api: ApiServer, streams_lists: bool) -> None:
    """And costs no new list: one request a cut and a stream."""
    api.streams_lists = streams_lists
    with streaming(api) as streams:
        streams.unlisted(10)
        for number in range(12):
            api.put("pods", f"p{number}", pod())
            if number % 3 == 0:
                api.end_watches()
        arrived = until(streams, lambda arrived: len(named(arrived)) == 12)
    assert named(arrived) == [f"p{number}" for number in range(12)]
    assert not [each for each in arrived if each.error]
    assert sum(each.type == "LISTING" for each in arrived) == 4
    watches = [each for each in api.calls if "resourceVersion" in each.query]
    assert len(watches) <= 4 * (12 // 3 + 1)


def test_a_new_list_tells_what_is_gone(api: ApiServer) -> None:
    """By what isn't between its beginning and its end."""
    for name in "abc":
        api.put("pods", name, pod())
    with streaming(api, resources={"pods": "Pod"}) as streams:
        until(streams, lambda arrived: named(arrived) == ["a", "b", "c"])
        streams.unlisted(10)
        with api.changed:
            api.ends += 1
            api.objects.pop(("credreg-test", "pods", "b"))
            api.compacted = 10_000
            api.changed.notify_all()
        arrived = until(streams, lambda arrived: named(arrived) == ["a", "c"])
    assert [each.type for each in arrived if each.type] in (
        ["LISTED", "LISTING", "ADDED", "ADDED", "LISTED"],
        ["LISTED", "LISTING", "ADDED", "ADDED"],
        ["LISTING", "ADDED", "ADDED", "LISTED"],
        ["LISTING", "ADDED", "ADDED"],
    )


def test_streams_that_are_read_at_a_few_moments_lose_nothing(api: ApiServer) -> None:
    """Each change comes, in order; and what is quiet is closed at once all the same."""
    with streaming(api, together=lambda: 0.1) as streams:
        until(streams, lambda arrived: len([each for each in arrived if each.type == "LISTED"]) == 4)
        for number in range(30):
            api.put("pods", f"pod-{number:02}", {"metadata": {"uid": f"u{number}"}})
            time.sleep(0.005)
        arrived = until(streams, lambda arrived: len(named(arrived)) == 30)
        assert named(arrived) == [f"pod-{number:02}" for number in range(30)]
