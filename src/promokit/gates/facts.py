"""The facts that gates judge. Plain data: who gathers it is elsewhere. What couldn't be learned is an Unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from promokit.github.types import Comparison, EnvironmentSettings, Review, Run
from promokit.image import Digest, ImageRef
from promokit.model import Environment


@frozen
class Unknown:
    """A fact that couldn't be learned: why, and what to do about it."""

    why: str
    remedy: str = "run this again"


NO_IMAGE = Unknown("there is no proven image to judge", "see what the other gates say")


@frozen
class WorkloadStanding:
    """One workload now: its image by the spec, its digest if proven from the pods (else `doubt`), its verdict.

    `since` is when it began to run without a break, by `begun`; None where that can't be shown.
    """

    name: str
    image: str
    digest: Digest | None
    doubt: str
    outcome: str
    reason: str
    since: datetime | None = None
    remedy: str = ""
    begun: str = ""


@frozen
class Standing:
    """An environment now. `migrated` says whether the migration of its digest succeeded; None: it has none.

    `unsettled` is the digest of its newest operation if that one never ended, or not well; else empty.
    """

    environment: str
    workloads: tuple[WorkloadStanding, ...]
    migrated: bool | None = None
    unsettled: str = ""

    @property
    def digest(self) -> Digest | None:
        """The one digest that all workloads are proven to run, if they do."""
        digests = {each.digest for each in self.workloads}
        return digests.pop() if len(digests) == 1 else None

    def image(self, workload: str) -> str:
        """Return a workload's image by its spec; empty text if there is no such workload."""
        return next((each.image for each in self.workloads if each.name == workload), "")


@frozen
class Approvals:
    """What GitHub says of a run and of the environments that it must be approved in."""

    run: Run
    reviews: tuple[Review, ...]
    settings: Mapping[str, EnvironmentSettings | None]
    branches: Mapping[str, tuple[str, ...]] = field(factory=dict)


@frozen
class Facts:
    """Everything the gates of one promotion judge. `final` is set when it is about to be applied.

    `nodes` are the platforms of the target's nodes; None where this role may not read them. `recorded` are the images
    that each workload of the target may run by its ledger, `overrides` when somebody let a digest through its freeze.
    Without an `image`, because none could be proven, the gates that judge one can't tell, and the others are asked.
    """

    environment: Environment
    image: ImageRef | None
    revision: str
    target: Standing | Unknown
    now: datetime
    source: Standing | Unknown | None = None
    ci: Mapping[str, tuple[Run, ...] | Unknown] = field(factory=dict)
    comparison: Comparison | Unknown | None = None
    immutable: bool | Unknown | None = None
    label: str | Unknown | None = None
    nodes: tuple[str, ...] | Unknown | None = None
    platforms: tuple[str, ...] | Unknown = ()
    recorded: Mapping[str, tuple[str, ...]] | Unknown = field(factory=dict)
    holds: Mapping[str, str] | Unknown = field(factory=dict)
    overrides: Mapping[str, datetime] | Unknown = field(factory=dict)
    approvals: Approvals | Unknown | None = None
    run_id: int | None = None
    ref: str | None = None
    final: bool = False

    @property
    def digest(self) -> Digest | None:
        """The digest that would be promoted, if one is proven."""
        return self.image.digest if self.image else None
