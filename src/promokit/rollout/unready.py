"""The pods that a rollout waits for, as evidence once a deadline is over: new ones, and old ones in the way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from promokit.cluster.objects import Controller
from promokit.rollout.completion import wanted_new
from promokit.rollout.judgement import Evidence
from promokit.rollout.sighting import Sighting
from promokit.rollout.snapshot import Snapshot

SHOWN_PODS = 3


def waited_for(snapshot: Snapshot, controller: Controller, new_pods: list[Sighting]) -> Iterator[Evidence]:
    """Name the first new pods that aren't Ready; where new ones are yet to be made, old ones that end or aren't Ready.

    A StatefulSet waits for its next pod to be Ready before it replaces it (statefulset/stateful_set_control.go), a
    DaemonSet and `Recreate` for one that ends to be gone.
    """
    late = [each for each in new_pods if not each.pod.ready]
    yield from (_named(snapshot, each) for each in late[:SHOWN_PODS])
    if len(new_pods) < wanted_new(controller):
        new = {each.pod.uid for each in new_pods}
        in_the_way = (each for each in _of(snapshot, controller) if each.pod.uid not in new and not each.pod.ready)
        yield from (_named(snapshot, each, ", of the template before") for each in islice(in_the_way, SHOWN_PODS))


def _of(snapshot: Snapshot, controller: Controller) -> Iterable[Sighting]:
    return (each for owner in sorted(snapshot.owners(controller)) for each in snapshot.pods_of(owner))


def _named(snapshot: Snapshot, sighting: Sighting, which: str = "") -> Evidence:
    """Name a pod and the container that isn't Ready: the newest word of its probes where it runs, else how it ended."""
    pod = sighting.pod
    if pod.deleting:
        where = f" on node {pod.node}" if pod.node else ""
        return Evidence("", pod.name, message=f"hasn't ended yet{where}{which}", rests_on="deletionTimestamp")
    container = next((each for each in pod.containers if not each.ready), None)
    if container is None:
        ready = pod.condition("Ready")
        words = ": ".join(filter(None, ("isn't Ready" + which, ready.message if ready else "")))
        return Evidence("", pod.name, message=words, rests_on="condition Ready")
    probes = [each.event.message for each in snapshot.heard(pod.uid) if each.event.reason == "Unhealthy"]
    if probes and container.state.kind == "running":
        return Evidence("", pod.name, container.name, message=probes[-1], rests_on="event Unhealthy")
    last = container.end
    words = ": ".join(filter(None, ("isn't Ready" + which, container.state.reason)))
    return Evidence("", pod.name, container.name, last.exit_code if last else None, words, rests_on="condition Ready")
