"""The ungated primitive: pin images on the workloads of an environment and follow them to a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller
from promokit.cluster.patience import patiently
from promokit.errors import PromokitError, Superseded
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.admission import while_denied
from promokit.rollout.change import absent, check, set_image, write_epoch
from promokit.rollout.follow import Lookout, Show
from promokit.rollout.judgement import Evidence, Verdict
from promokit.rollout.policy import Policy
from promokit.rollout.presence import Presence
from promokit.rollout.record import Recorder
from promokit.rollout.standing import Kept, Standing


@frozen
class Rollout:
    """What a rollout came to: the verdict, whether anything was changed, and each workload's image before.

    `standings` are how the workloads stood at the last look, each with its own verdict; none before a first look.
    """

    verdict: Verdict
    changed: bool
    previous: dict[Workload, str]
    standings: tuple[Standing, ...] = ()


@frozen
class Watching:
    """How a rollout is followed, beside its policy.

    `show` is called after each look; `record` is the file of the flight recorder; `stopped` says the reason word of an
    outside end; `begins` gets the images that are about to be replaced; `exists` says whether the registry has an
    image (asked only if a node can't find it); `warn` gets what can't be done but stops nothing.
    """

    show: Show = lambda now, standings: None
    record: Path | None = None
    stopped: Callable[[], str | None] = lambda: None
    begins: Callable[[Mapping[Workload, str]], None] = lambda previous: None
    exists: Callable[[str], bool] | None = None
    warn: Callable[[str], None] = lambda text: None


Key = tuple[str, str]
Template = dict[str, Any]
UNWATCHED = Watching()


def roll_out(
    namespace: Namespace,
    images: Mapping[Workload, str],
    policy: Policy,
    *,
    cause: str,
    epoch: int | None = None,
    expected: Mapping[Workload, str] | None = None,
    templates: Mapping[Workload, Template] | None = None,
    found: Mapping[Workload, Controller] | None = None,
    watching: Watching = UNWATCHED,
) -> Rollout:
    """Pin on each workload its image unless it has it already, then follow all of them until their verdict.

    No gates are asked. `images` are references as they are to stand in the cluster. `expected` are the images that
    may be replaced: a workload that runs another is Superseded. With an `epoch` each patch tests it.
    `templates` are whole pod templates that come with the image; `found` are the workloads as somebody has just read
    them. Errors: ConfigError for a missing object or container, Superseded, Unreachable before anything was seen to be
    changed.
    """
    recorder = Recorder(watching.record, policy, watching.warn) if watching.record else None
    presence = (
        Presence(watching.exists, watching.warn) if watching.exists and policy.image_exists == "unknown" else None
    )
    try:
        before = _present(namespace, images, found)
        _expect(_running(before), images, expected or {})
        with Lookout(namespace, before, recorder=recorder) as lookout:
            lookout.settle()
            change = _Change(namespace, cause, epoch, policy.blind_for, watching.stopped, templates or {})
            claimed = change.claimed(before)
            _expect(_running(claimed), images, expected or {})
            watching.begins(_running(claimed))
            return _changed(lookout, change, claimed, images, policy, watching.show, presence)
    finally:
        if recorder is not None:
            recorder.close()


def _changed(
    lookout: Lookout,
    change: _Change,
    claimed: Mapping[Workload, Controller],
    images: Mapping[Workload, str],
    policy: Policy,
    show: Show,
    presence: Presence | None,
) -> Rollout:
    """Make the change and follow it to its verdict."""
    started, previous = time.monotonic(), _running(claimed)
    latest = change.make(claimed, images)
    if isinstance(latest, Verdict):
        return Rollout(latest, True, previous)
    if presence is not None:
        presence.prepare(images.values())  # not before: loading its client would hold up the change
    kept = Kept(show)
    verdict = lookout.follow(
        {each: _judged_by(policy, latest[each.kind, each.name]) for each in images},
        started,
        show=kept.show,
        stopped=change.stopped,
        presence=presence,
    )
    return Rollout(verdict, bool(change.done), previous, kept.standings)


@define
class _Change:
    """The change of the images: `done` are the workloads that have theirs.

    An API server in trouble is waited for up to `patience` seconds a workload, as it is while the rollout is followed:
    half a change is worse than a late one.
    """

    namespace: Namespace
    cause: str
    epoch: int | None
    patience: float
    stopped: Callable[[], str | None]
    templates: Mapping[Workload, Template]
    done: list[Workload] = field(factory=list)

    def claimed(self, before: Mapping[Workload, Controller]) -> dict[Workload, Controller]:
        """Write our epoch on each workload and return them as they then are: what runs now, only we can change.

        Whoever had the lease before may have changed an image since we looked.
        """
        claimed: dict[Key, Controller] = {}
        for workload, controller in before.items() if self.epoch is not None else ():
            if (workload.kind, workload.name) not in claimed:
                claimed[workload.kind, workload.name] = self._claimed(workload, controller)
        found = {each: claimed.get((each.kind, each.name), controller) for each, controller in before.items()}
        for each, controller in found.items():
            check(each, controller, self.namespace)
        return found

    def make(
        self, before: Mapping[Workload, Controller], images: Mapping[Workload, str]
    ) -> dict[Key, Controller] | Verdict:
        """Write the images. Returns the controllers as they then are, or the verdict on a half change.

        An error before the first image was changed is raised as it is.
        """
        latest: dict[Key, Controller] = {(each.kind, each.name): found for each, found in before.items()}
        for workload, previous in _running(before).items():
            image = images[workload]
            if previous == image:
                continue
            try:
                known = latest[workload.kind, workload.name]
                latest[workload.kind, workload.name] = self._pinned(workload, image, previous, known)
            except PromokitError as error:
                if not self.done or isinstance(error, Superseded):
                    error.changed = bool(self.done)
                    raise
                return _half_changed(self.done, workload, error)
            self.done.append(workload)
        return latest

    def _claimed(self, workload: Workload, controller: Controller) -> Controller:
        """Write the epoch on what was read; after trouble on what is read anew, since it may be there already."""
        assert self.epoch is not None  # noqa: S101 - told to the type checker
        epoch, read = self.epoch, [controller]

        def claim() -> Controller:
            found = read.pop() if read else self.namespace.controller(workload)
            if found is None:
                raise absent(workload, self.namespace)
            return write_epoch(self.namespace, found, epoch)

        return self._insisting(claim)

    def _pinned(self, workload: Workload, image: str, expected: str, known: Controller) -> Controller:
        """Write the image on what is known; after trouble on what is read anew, since it may be there already."""
        found = [known]

        def pin() -> Controller:
            return set_image(
                self.namespace,
                workload,
                image,
                expected=expected,
                epoch=self.epoch,
                cause=self.cause,
                template=self.templates.get(workload),
                found=found.pop() if found else None,
            )

        return self._insisting(pin)

    def _insisting(self, change: Callable[[], Controller]) -> Controller:
        until = time.monotonic() + self.patience
        return while_denied(lambda: patiently(change, until, self.stopped), self.stopped)


def _half_changed(done: list[Workload], failed: Workload, error: PromokitError) -> Verdict:
    """Say which workloads have the new image and which one couldn't get it."""
    told = f"{', '.join(map(str, done))} changed, {failed} not: {error.what}"
    return Verdict(Outcome.FAILED, "half-changed", evidence=(Evidence(str(failed), message=told),))


def _expect(previous: Mapping[Workload, str], images: Mapping[Workload, str], expected: Mapping[Workload, str]) -> None:
    for workload, wanted in expected.items():
        if previous[workload] not in {wanted, images[workload]}:
            raise Superseded(
                f"superseded: {workload} runs {previous[workload]}, not {wanted} as planned",
                remedy="make a new plan",
            )


def _running(controllers: Mapping[Workload, Controller]) -> dict[Workload, str]:
    """Return the image that each workload is set to."""
    return {workload: found.images[workload.container] for workload, found in controllers.items()}


def _judged_by(policy: Policy, controller: Controller) -> Policy:
    return evolve(policy, generation=controller.generation, template=controller.template, uid=controller.uid)


def _present(
    namespace: Namespace, workloads: Mapping[Workload, str], found: Mapping[Workload, Controller] | None
) -> Mapping[Workload, Controller]:
    there = namespace.controllers(workloads) if found is None else found
    for workload in workloads:
        check(workload, there.get(workload), namespace)
    return there
