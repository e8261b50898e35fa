import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from promokit.errors import Unreachable
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.follow import Lookout
from promokit.rollout.judgement import Verdict
from promokit.rollout.policy import Policy
from promokit.rollout.standing import Standing
from tests.cluster.api_server import ApiServer
from tests.factories import WORKLOAD, deployment, image
from tests.manifest_objects import Controller, deployment_json

GOOD, BAD = str(image("a")), str(image("c"))


@pytest.fixture
def cluster(api: ApiServer) -> ApiServer:
    """A namespace with a controller that rolls out what is asked for, and lets one image crash."""
    api.reactions.append(Controller(api, bad="c" * 64))
    return api


def followed(
    cluster: ApiServer, runs: str = GOOD, stopped: Callable[[], str | None] = lambda: None, **settings: Any
) -> Verdict:
    policy = Policy(**{"stable_for": 0, "timeout": 20, **settings})
    with Lookout(cluster.namespace(), {WORKLOAD: deployment()}) as lookout:
        cluster.put("deployments", "main-app", deployment_json(runs=runs))
        return lookout.follow({WORKLOAD: policy}, time.monotonic(), stopped=stopped)


def test_a_rollout_is_followed_to_success(cluster: ApiServer) -> None:
    """By four streams, whatever the number of pods, and one read that confirms the success."""
    assert followed(cluster).outcome is Outcome.SUCCEEDED
    paths = sorted(each.path.rpartition("/")[2] for each in cluster.calls)
    assert paths == ["deployments", "events", "main-app", "pods", "replicasets"]


def test_many_workloads_are_confirmed_by_one_list(cluster: ApiServer) -> None:
    """Two hundred answers, one after another, would take a second."""
    names = [f"app-{number}" for number in range(20)]
    before = {Workload(name, name): deployment(name) for name in names}
    with Lookout(cluster.namespace(), before) as lookout:
        for name in names:
            cluster.put("deployments", name, deployment_json(name, runs=GOOD))
        policy = Policy(stable_for=0, timeout=20)
        assert lookout.follow(dict.fromkeys(before, policy), time.monotonic()).outcome is Outcome.SUCCEEDED
    reads = [each.path.rpartition("/")[2] for each in cluster.calls if each.query.get("watch") != "true"]
    assert reads == ["deployments"]


def test_a_failure_tells_the_last_lines_of_the_log(cluster: ApiServer) -> None:
    """Those of the run before, where the present one has said nothing yet."""
    cluster.logs["main-app-1-0/main-app/previous"] = "panic: no database\n"
    verdict = followed(cluster, BAD)
    assert (verdict.outcome, verdict.reason) == (Outcome.FAILED, "crash-loop")
    assert verdict.evidence[0].log == ("panic: no database",)


def test_the_log_is_asked_for_again_where_the_server_is_in_trouble(cluster: ApiServer) -> None:
    """The verdict can wait for it a little."""
    cluster.logs["main-app-1-0/main-app"] = "panic: no database\n"
    cluster.fail(429, path="/log", headers={"Retry-After": "1"})
    assert followed(cluster, BAD).evidence[0].log == ("panic: no database",)


def test_a_log_that_may_not_be_read_is_not_waited_for(cluster: ApiServer) -> None:
    """The same answer would come again: each of both logs is asked for once."""
    cluster.fail(403, path="/log", times=1000)
    assert followed(cluster, BAD).evidence[0].log == ()
    assert sum(each.path.endswith("/log") for each in cluster.calls) == 2


def test_a_server_that_stays_away_is_inconclusive(cluster: ApiServer) -> None:
    """Losing sight is no verdict on the rollout."""
    cluster.fail(503, times=10_000)
    verdict = followed(cluster, blind_for=0.3)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "blind")
    assert "HTTP 503" in verdict.evidence[0].message


def test_a_server_that_comes_back_is_followed_on(cluster: ApiServer) -> None:
    """Before blind-for is over nothing is lost."""
    cluster.fail(503, times=4)
    assert followed(cluster, blind_for=10).outcome is Outcome.SUCCEEDED


def test_a_lost_lease_ends_it(cluster: ApiServer) -> None:
    """Whoever took over is followed by its own run."""
    verdict = followed(cluster, BAD, stopped=lambda: "superseded", crashes=1000)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "superseded")


def test_a_success_that_the_server_does_not_confirm_is_not_told(cluster: ApiServer) -> None:
    """A watch whose connection has died shows nothing: what it last showed isn't proof."""
    key = ("credreg-test", "deployments", "main-app")

    def change_unseen(now: float, standings: Sequence[Standing]) -> None:
        if standings[0].available:
            with cluster.changed:
                cluster.objects[key]["metadata"]["resourceVersion"] = "99999"

    with Lookout(cluster.namespace(), {WORKLOAD: deployment()}) as lookout:
        cluster.put("deployments", "main-app", deployment_json(runs=GOOD))
        policy = Policy(stable_for=0.2, blind_for=0.4)
        verdict = lookout.follow({WORKLOAD: policy}, time.monotonic(), show=change_unseen)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "blind")
    assert "another state" in verdict.evidence[0].message


def test_watches_that_lag_behind_are_waited_for(cluster: ApiServer) -> None:
    """Pods that end change a controller all the time: it is asked for once, and what was answered is waited for."""
    key = ("credreg-test", "deployments", "main-app")
    lagging: list[float] = []

    def lag(now: float, standings: Sequence[Standing]) -> None:
        if standings[0].available and not lagging:
            with cluster.changed:
                meta = cluster.objects[key]["metadata"]
                meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)
            lagging.append(now)
        elif len(lagging) == 1 and now > lagging[0] + 0.3:
            cluster.write(key, cluster.objects[key])
            lagging.append(now)

    with Lookout(cluster.namespace(), {WORKLOAD: deployment()}) as lookout:
        cluster.put("deployments", "main-app", deployment_json(runs=GOOD))
        verdict = lookout.follow({WORKLOAD: Policy(stable_for=0, timeout=20)}, time.monotonic(), show=lag)
    assert verdict.outcome is Outcome.SUCCEEDED
    assert len(lagging) == 2
    assert sum(each.path.endswith("deployments/main-app") for each in cluster.calls) == 1


def test_a_success_is_confirmed_when_the_server_wants_to_be_asked_again(cluster: ApiServer) -> None:
    """Who has too much to do and says when to come back isn't asked before."""
    cluster.fail(429, path="deployments/main-app", headers={"Retry-After": "30"}, times=10_000)
    assert followed(cluster, blind_for=0.5).reason == "blind"
    assert sum(each.path.endswith("deployments/main-app") for each in cluster.calls) == 1


def test_nothing_is_changed_before_all_has_been_listed(cluster: ApiServer) -> None:
    """What can't be seen can't be judged: then the change isn't made."""
    cluster.fail(503, path="pods", times=10_000)
    with Lookout(cluster.namespace(), {WORKLOAD: deployment()}) as lookout, pytest.raises(Unreachable, match="503"):
        lookout.settle(0.3)
