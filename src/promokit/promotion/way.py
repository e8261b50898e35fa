"""Which way is back: by what succeeded here, or, where no ledger tells, by the revisions that are kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from promokit.cluster.objects import Controller
from promokit.cluster.revisions import Revision
from promokit.errors import Refused
from promokit.image import tag_in
from promokit.ledger.book import Book
from promokit.ledger.lines import Line
from promokit.ledger.record import digest_in, failures, newest_change, succeeded
from promokit.model import Workload

Images = Mapping[Workload, str]


@frozen
class Way:
    """The way back: each workload's image now and then. `proven` by the ledger, or only by the revisions: `why`.

    `left` are the digests that are left. `templates` are the whole pod templates that come back, where they were asked
    for, and `changes` names what differs in them besides the image. `notes` are sentences that whoever confirms
    should read. It was found from the controllers `there` and from the ledger's `book`; None where that can't be read.
    """

    now: dict[Workload, str]
    then: dict[Workload, str]
    proven: bool
    why: str = ""
    left: tuple[str, ...] = ()
    templates: dict[Workload, dict[str, Any]] = field(factory=dict)
    changes: dict[Workload, tuple[str, ...]] = field(factory=dict)
    notes: tuple[str, ...] = ()
    there: Mapping[Workload, Controller] = field(factory=dict)
    book: Book | None = None


@frozen
class Position:
    """What is to be gone back from: each workload's image, and what the ledger says of the newest operation."""

    environment: str
    now: Images
    book: Book
    start: Line
    end: Line | None

    @classmethod
    def of(cls, environment: str, now: Images, book: Book) -> Position:
        """Read the newest operation that changed what runs."""
        start, end = newest_change(book.lines) or ({}, {"outcome": "succeeded"})
        return cls(environment, now, book, start, end)

    @property
    def aimed(self) -> str:
        """The image of the newest operation."""
        return str(self.start.get("image", ""))

    @property
    def aims(self) -> dict[Workload, str]:
        """The image of the newest operation for each workload: one for all, but where no ledger told it."""
        each_own = self.start.get("images")
        own: Mapping[str, Any] = each_own if isinstance(each_own, Mapping) else {}
        return {each: str(own.get(str(each), self.aimed)) for each in self.now}

    @property
    def arrived(self) -> bool:
        """Whether all workloads are set to what the newest operation aimed at."""
        return all(same(image, self.aims[each]) for each, image in self.now.items())

    @property
    def succeeded(self) -> bool:
        """Whether the newest operation did. While it is open, it hasn't."""
        return (self.end or {}).get("outcome") == "succeeded"

    @property
    def began(self) -> str:
        """The image of a newest operation that hasn't succeeded: it is the present one, wherever it got to."""
        return "" if self.succeeded else self.aimed

    @property
    def begun_rollback(self) -> bool:
        """Whether the newest operation is a rollback that hasn't succeeded, to what nobody holds since."""
        rollback = self.start.get("kind") == "rollback" and not self.succeeded
        return rollback and not any(digest_in(each) in self.book.holds for each in self.aims.values())

    @property
    def only(self) -> str:
        """The image that all workloads run; empty where they run several."""
        images = list(self.now.values())
        return images[0] if all(same(each, images[0]) for each in images) else ""

    @property
    def left(self) -> tuple[str, ...]:
        """The digests of what is there, and of what is on its way."""
        images = (*self.now.values(), self.aimed if self.end is None else "")
        return tuple(sorted({digest_in(each) for each in images} - {""}))

    @property
    def unwanted(self) -> set[str]:
        """The digests that are no way back: held, begun and not succeeded, or, all workloads alike, the present one."""
        return {*self.book.holds, digest_in(self.began) or digest_in(self.only)} - {""}


def same(one: str, other: str) -> bool:
    """Say whether two references mean one image: by their digests, where both have one."""
    return digest_in(one) == digest_in(other) if digest_in(one) and digest_in(other) else one == other


def previous(position: Position) -> str | None:
    """Return the newest image that succeeded here, isn't the present one and isn't held; None where there is none.

    Refused where the environment is back already, by a rollback or by itself, and where the newest good image is newer
    than the one that somebody put there by hand: going further back, or forward, is only done by name.
    """
    _refuse_if_back(position)
    good = _good(position)
    found = next((each for each in good if digest_in(each) not in position.unwanted), None)
    present = next((number for number, each in enumerate(good) if same(each, position.only)), None)
    if found is None or present is None or same(position.only, position.began) or good.index(found) >= present:
        return found
    raise Refused(
        f"{position.environment} runs {tag_in(position.only)}, and {tag_in(found)} succeeded there after it: "
        "somebody changed it by hand, and which way is back can't be told",
        where=position.environment,
        remedy=f"name it: --to {tag_in(found)} to have it as recorded, or another tag; promokit history tells",
    )


def named(position: Position, tag: str) -> str | None:
    """Return the image of the newest operation that succeeded here with this tag, held or not."""
    return next((each.image for each in succeeded(position.book.lines) if tag_in(each.image) == tag), None)


def by_revisions(
    position: Position, controllers: Mapping[Workload, Controller], kept: Sequence[Revision]
) -> dict[Workload, str]:
    """Return each workload's image of its newest revision with another one; `rollout undo` may land on the same.

    Workloads that run several images meet on one that some run and all others ran just before, if there is such a one.
    What is held, or failed here by the ledger, is no way back. Refused where a workload has nothing to go back to.
    """
    before = {each: _before(position, each, controllers[each], kept) for each in position.now}
    meeting = next((image for image in position.now.values() if _all_meet(position, before, image)), "")
    if meeting and not position.only:
        return dict.fromkeys(position.now, meeting)
    if missing := next((each for each, image in before.items() if not image), None):
        raise Refused(
            f"there is nothing to go back to for {missing}",
            where=position.environment,
            remedy="promote a good image instead",
        )
    return before


def revision_of(kept: Iterable[Revision], owner: str, images: Mapping[str, str]) -> Revision | None:
    """Return the newest revision of a controller whose containers run these images."""
    found = [
        each
        for each in kept
        if each.owner == owner and all(same(each.images.get(name, ""), image) for name, image in images.items())
    ]
    return max(found, key=lambda each: each.number, default=None)


def _refuse_if_back(position: Position) -> None:
    """Two people start a rollback, or somebody does after it went back by itself: the second goes no further."""
    by_itself = bool((position.end or {}).get("rolled_back")) and not same(position.only, position.aimed)
    by_somebody = position.start.get("kind") == "rollback" and position.succeeded and position.arrived
    if not by_somebody and not (by_itself and position.only):
        return
    why = f": {tag_in(position.aimed)} failed there and it went back by itself" if by_itself else ""
    raise Refused(
        f"{position.environment} is back on {tag_in(position.only or position.aimed)} already{why}",
        where=position.environment,
        remedy="name a tag with --to to go further back: promokit history tells which succeeded",
    )


def _good(position: Position) -> list[str]:
    """Return the images that succeeded here and aren't held, newest first, each once."""
    found: dict[str, str] = {}
    for each in succeeded(position.book.lines):
        if digest_in(each.image) not in position.book.holds:
            found.setdefault(digest_in(each.image) or each.image, each.image)
    return list(found.values())


def _before(position: Position, workload: Workload, controller: Controller, kept: Sequence[Revision]) -> str:
    others = [
        each.images[workload.container]
        for each in sorted(kept, key=lambda each: -each.number)
        if each.owner == controller.uid and each.images.get(workload.container)
    ]
    return next((each for each in others if not same(each, position.now[workload]) and _may(position, each)), "")


def _may(position: Position, image: str) -> bool:
    digest = digest_in(image)
    held_or_begun = {*position.book.holds, digest_in(position.began)} - {""}
    return digest not in held_or_begun and not (digest and failures(position.book.lines, digest))


def _all_meet(position: Position, before: Images, image: str) -> bool:
    others = [each for each, now in position.now.items() if not same(now, image)]
    return _may(position, image) and all(same(before[each], image) for each in others)
