"""The verdict on a rollout: a pure function of what was seen, the policy and the time. Nothing in here fetches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from promokit.cluster.objects import Controller
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.completion import complete, keeps_all, makes_room, missing, wanted_new
from promokit.rollout.creation import creation_by, creation_signs
from promokit.rollout.judgement import Evidence, Judgement, Verdict, evidence_of
from promokit.rollout.look import NEVER, Look, Sign
from promokit.rollout.policy import Policy
from promokit.rollout.room import LONG_AGO
from promokit.rollout.sighting import Sighting
from promokit.rollout.signs import pod_signs
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.unready import waited_for


def judge(snapshot: Snapshot, workload: Workload, policy: Policy, now: float) -> Judgement:
    """Judge one workload's rollout at second `now`. Pure; the rules are in the order in which they are asked."""
    controller = snapshot.controller(workload)
    if controller is None and policy.uid and policy.uid not in snapshot.gone:
        judgement = _goes_on("waiting", now, NEVER)  # made by the change, and not seen yet
    elif controller is None:
        judgement = _ends(Outcome.INCONCLUSIVE, "replaced", now, [Evidence("", message="it was deleted")])
    elif interference := _interference(controller, policy):
        reason, told = interference
        judgement = _ends(Outcome.INCONCLUSIVE, reason, now, [Evidence("", message=told)])
    else:
        judgement = _judged(snapshot, controller, policy, now)
    verdict = judgement.verdict
    evidence = tuple(evolve(each, workload=str(workload)) for each in verdict.evidence)
    return _undecided(evolve(judgement, verdict=evolve(verdict, workload=str(workload), evidence=evidence)), policy)


def steady(snapshot: Snapshot, workload: Workload) -> Verdict:
    """Judge a workload as it stands, without a change of ours: succeeded only if it is complete and all is Ready."""
    controller = snapshot.controller(workload)
    if controller is None:
        absent = Evidence(str(workload), message=f"there is no {workload.object}")
        return Verdict(Outcome.INCONCLUSIVE, "no-workload", evidence=(absent,), workload=str(workload))
    policy = Policy(generation=controller.generation, template=controller.template, stable_for=0)
    return judge(snapshot, workload, policy, 0.0).verdict


def _interference(controller: Controller, policy: Policy) -> tuple[str, str] | None:
    """Return the reason word and what is there instead. Only a change of the pod template is interference.

    An HPA or an annotation moves the generation too. A state of before our change may still be on its way to us when
    the change has been made.
    """
    if controller.uid != (policy.uid or controller.uid):
        return "replaced", "it was made anew"
    if policy.template and controller.template != policy.template and controller.generation >= policy.generation:
        images = ", ".join(f"{name} {image}" for name, image in controller.images.items())
        return "superseded", f"another pod template since generation {controller.generation}: {images}"
    return ("on-delete", "its updateStrategy is OnDelete") if controller.on_delete else None


def _judged(snapshot: Snapshot, controller: Controller, policy: Policy, now: float) -> Judgement:
    """Counts say something of our change only once the controller has observed its generation."""
    if controller.observed_generation < policy.generation:
        told = f"its controller has seen generation {controller.observed_generation} of {policy.generation}"
        return _goes_on("waiting", now, NEVER, [Evidence("", message=told)])
    if keeps_all(controller) and controller.current_revision != controller.update_revision:
        told = f"its partition {controller.partition} keeps all {controller.wanted} pods at the template before"
        return _ends(Outcome.INCONCLUSIVE, "all-kept", now, [Evidence("", message=told)])
    new_pods = snapshot.new_pods(controller)
    signs = tuple(_signs(snapshot, controller, new_pods, policy, now))
    if due := [each for each in signs if each.due <= now]:
        return _ends(Outcome.FAILED, due[0].reason, now, map(evidence_of, due), signs)
    if complete(controller):
        clock = snapshot.hearing.clock(snapshot.owners(controller))
        return evolve(_stability(wanted_new(controller), new_pods, clock, policy, now), signs=signs)
    if controller.paused:
        return _ends(Outcome.INCONCLUSIVE, "paused", now, [Evidence("", message=missing(controller))], signs)
    return _waits(snapshot, controller, new_pods, signs, policy, now)


def _waits(
    snapshot: Snapshot,
    controller: Controller,
    new_pods: list[Sighting],
    signs: tuple[Sign, ...],
    policy: Policy,
    now: float,
) -> Judgement:
    """Not complete, nothing proven: wait for a sign to become due, or for the deadline, by our own clock."""
    stalled_at = NEVER
    if controller.progress_seconds is not None:
        stalled_at = snapshot.progress_at.get(controller.uid, 0.0) + controller.progress_seconds
    evidence = [*map(evidence_of, signs), Evidence("", message=missing(controller))]
    if now < min(stalled_at, policy.timeout):
        look_again = min([stalled_at, *(each.due for each in signs)])
        return _goes_on("waiting", now, look_again, evidence, signs)
    evidence += waited_for(snapshot, controller, new_pods)
    if now >= stalled_at:
        return _ends(Outcome.FAILED, "no-progress", now, evidence, signs)
    return _goes_on("waiting", now, now, evidence, signs)


def _signs(
    snapshot: Snapshot, controller: Controller, new_pods: list[Sighting], policy: Policy, now: float
) -> Iterator[Sign]:
    owners, room = snapshot.owners(controller), snapshot.room
    more = _room_to_come(snapshot, controller, owners, new_pods)
    for sighting in snapshot.new_pods_told_of(controller):
        heard = snapshot.heard(sighting.pod.uid)
        until = NEVER if more else room.until(owners)
        yield from pod_signs(Look(sighting, heard, policy, now, until, room.freed_at(owners)))
    creator = snapshot.creator(controller)
    if creator and len(new_pods) < wanted_new(controller):
        creation = creation_by(snapshot, creator, owners, NEVER if more else room.until())
        yield from creation_signs(creation, now, policy.config_missing_for)


def _room_to_come(snapshot: Snapshot, controller: Controller, owners: set[str], new_pods: list[Sighting]) -> bool:
    """Say whether old pods are to go yet, or go already by what the controller tells: the pods may be seen later."""
    unplaced = sum(each.unscheduled_since is not None for each in new_pods)
    placed = max(controller.updated, len(new_pods)) - unplaced
    unseen = controller.terminating > snapshot.room.ending(owners) or snapshot.living(owners) > controller.total
    return unseen or makes_room(controller, placed)


def _stability(wanted: int, new_pods: list[Sighting], clock: float, policy: Policy, now: float) -> Judgement:
    """Complete; now each new pod must stay Ready, without a restart, for `stable_for`, counted from its own Ready.

    The pods come by another stream than the controller: until each wanted one has been seen Ready, nothing is proven.
    """
    ready = [each.ready_since for each in new_pods if each.ready_since is not None]
    if len(ready) < max(wanted, len(new_pods)):
        told = f"complete, and {len(ready)} of {max(wanted, len(new_pods))} new pods seen Ready"
        return _goes_on("stabilizing", now, NEVER, [Evidence("", message=told)])
    last = max(ready, default=LONG_AGO)
    if last <= 0:
        last = _by_their_word(new_pods, clock, last)
    stable_at = last + policy.stable_for
    if now >= stable_at:
        return _ends(Outcome.SUCCEEDED, "complete", now, [])
    told = f"complete, and stable at {stable_at:.1f}s if nothing breaks"
    return _goes_on("stabilizing", now, stable_at, [Evidence("", message=told)])


def _by_their_word(pods: list[Sighting], clock: float, seen: float) -> float:
    """Return since when all were Ready by their own word, which is never later than was seen: one that says so tells.

    Asking each of thousands is only for those that have been so for long, and then the first look decides.
    """
    last = LONG_AGO
    for each in pods:
        last = max(last, each.ready_by_its_word(clock))
        if last >= seen:
            break
    return last


def _undecided(judgement: Judgement, policy: Policy) -> Judgement:
    """Past the timeout, what is still progressing has timed out; before it, look again by then."""
    verdict = judgement.verdict
    if verdict.final:
        return judgement
    if verdict.t >= policy.timeout:
        timed_out = evolve(verdict, outcome=Outcome.TIMED_OUT, reason="timeout")
        return evolve(judgement, verdict=timed_out, look_again=verdict.t)
    return evolve(judgement, look_again=min(judgement.look_again, policy.timeout))


def _ends(
    outcome: Outcome, reason: str, now: float, evidence: Iterable[Evidence], signs: tuple[Sign, ...] = ()
) -> Judgement:
    return Judgement(Verdict(outcome, reason, now, tuple(evidence)), now, signs)


def _goes_on(
    reason: str, now: float, look_again: float, evidence: Iterable[Evidence] = (), signs: tuple[Sign, ...] = ()
) -> Judgement:
    return Judgement(Verdict(Outcome.PROGRESSING, reason, now, tuple(evidence)), look_again, signs)
