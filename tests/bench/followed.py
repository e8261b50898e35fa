"""A rollout on the simulated cluster, made and followed by promokit and followed by kubectl, and what that came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from tests.bench import programs
from tests.bench.completions import Completions
from tests.bench.deployments import PATH
from tests.bench.measured import Cost, Running
from tests.bench.requests import AuditLog
from tests.bench.simulated import NAME, PORT, Simulated

LONGEST = 900.0
FLAGS = ("--stable-for", "0s", "--timeout", "20m")


@frozen
class Followed:
    """What following a rollout came to: seconds later than it was complete, what it cost, what was asked."""

    program: str
    after: float
    cost: Cost
    requests: Counter[str]


@frozen
class Compared:
    """One rollout that took so many seconds, and those who followed it."""

    seconds: float
    followed: tuple[Followed, ...]


def compare(cluster: Simulated, names: Sequence[str]) -> Compared:
    """Roll out another image on these Deployments, which are all there are, and follow it with each program.

    kubectl begins once all are changed: before, it would take what is there for what is wanted.
    """
    audit, seen = AuditLog(cluster.audit_log), Completions(cluster.api(), PATH)
    workloads = [f"{name}/app" for name in names]
    what = f"deployment/{names[0]}" if len(names) == 1 else "deployment"
    seen.start()
    running = {"promokit": _started(cluster, programs.promokit(workloads, programs.image(1), NAME, NAME, *FLAGS))}
    try:
        seen.all_changed(LONGEST)
        running["kubectl"] = _started(cluster, programs.kubectl(cluster.kubectl, NAME, what))
        complete = seen.last(LONGEST)
        ended = [each.wait(60) for each in running.values()]
    finally:
        for each in running.values():
            each.end()
        seen.api.close()
    if complete is None or seen.changed_at is None or not all(ended):
        raise RuntimeError(f"the rollout isn't done: {running['promokit'].output[-2000:]}")
    followed = tuple(_followed(name, each, complete, audit) for name, each in running.items())
    return Compared(complete - seen.changed_at, followed)


def _started(cluster: Simulated, argv: list[str]) -> Running:
    return Running(argv, PORT, programs.environ(cluster.kubeconfig))


def _followed(name: str, running: Running, complete: float, audit: AuditLog) -> Followed:
    if running.code or running.ended is None or running.cost is None:
        raise RuntimeError(f"{name} ended with {running.code}: {running.output[-2000:]}")
    return Followed(name, running.ended - complete, running.cost, audit.of(name))
