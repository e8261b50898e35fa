"""A plan: what a promotion would do, with every gate's answer. Its hash covers what is decided, and when it was."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from promokit.errors import ConfigError, PromokitError, Refused, Unreachable
from promokit.gates.answer import Answer
from promokit.gates.facts import NO_IMAGE
from promokit.image import ImageRef, tag_in
from promokit.ledger.record import Failure
from promokit.model import Environment

EXPIRY = timedelta(hours=24)
_LARGEST = 1_000_000
_SETTINGS = ("stable_for", "timeout", "blind_for", "crashes", "auto_rollback")
_DECIDED = {"environment", "where", "image", "previous", "migrate", "migration template", "settings"}


@frozen
class Commits:
    """The commits between what runs and what would: `titles` of at most 250, oldest first, of the `ahead` that come.

    `behind` are those that run now and wouldn't any more. `url` compares both; all of it is foreign text.
    """

    titles: tuple[str, ...] = ()
    ahead: int = 0
    behind: int = 0
    url: str = ""


@frozen
class Plan:
    """What would be done to `environment`. `image` is None when none could be proven; the answers then say why.

    `nothing` is the reason word when nothing is to be done (already-newer). `failed_before` is how this digest failed
    here since it last succeeded, newest first: no gate, but whoever approves should know.
    """

    environment: Environment
    image: ImageRef | None
    revision: str
    previous: Mapping[str, str]
    migrate: str
    template: str
    answers: tuple[Answer, ...]
    head: str
    created: datetime
    tag: str | None = None
    nothing: str = ""
    commits: Commits = Commits()
    failed_before: tuple[Failure, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether every gate lets it through."""
        return self.outcome == "allowed"

    @property
    def outcome(self) -> str:
        """`refused` if any gate refuses, else `unknown` if any can't tell, else `allowed`."""
        words = {each.word for each in self.answers}
        return next((each for each in ("refused", "unknown") if each in words), "allowed")

    @property
    def exit_code(self) -> int:
        """0 allowed, 3 refused, 5 unknown."""
        return {"allowed": 0, "refused": 3, "unknown": 5}[self.outcome]

    @property
    def expires(self) -> datetime:
        """When it can't be applied any more."""
        return self.created + EXPIRY

    @property
    def decided(self) -> dict[str, Any]:
        """What is decided: facts that move with time are not in it."""
        environment = self.environment
        return {
            "environment": environment.name,
            "where": f"{environment.cluster} {environment.namespace}",
            "image": str(self.image or ""),
            "previous": dict(self.previous),
            "migrate": self.migrate,
            "migration template": self.template,
            "settings": " ".join(f"{key} {getattr(environment, key)}" for key in _SETTINGS),
        }

    @property
    def hash(self) -> str:
        """The SHA-256 of what is decided, when it was, and what was asked for: the name of this one plan."""
        return promise_of(self).hash

    @property
    def previous_tag(self) -> str:
        """The tag that the reference workload runs now; empty if it has none."""
        return tag_in(self.previous.get(str(self.environment.reference), ""))

    def refusal(self) -> PromokitError:
        """Return the error of a plan that isn't allowed: what refuses, or else isn't known, and every gate's answer."""
        from promokit.promotion.plan_text import HEAD, plan_rows

        bad = [each for each in self.answers if each.word == self.outcome]
        bad = [each for each in bad if NO_IMAGE.why not in each.sentence] or bad
        kind = Refused if self.outcome == "refused" else Unreachable
        told = "; ".join(f"{each.gate}: {each.sentence}" for each in bad)
        remedies = dict.fromkeys(each.remedy for each in bad if each.remedy)
        error = kind(told, where=self.environment.name, remedy="; ".join(remedies), reason=bad[0].gate)
        error.table = (HEAD, *plan_rows(self))
        return error

    def __str__(self) -> str:
        from promokit.promotion.plan_text import plan_text

        return plan_text(self)

    def encode(self) -> str:
        """Return the plan as one word for a job output: packed, so that no masked text can be in it."""
        promise = promise_of(self)
        data = json.dumps({**promise.content, "hash": promise.hash}, sort_keys=True)
        return base64.urlsafe_b64encode(zlib.compress(data.encode(), 9)).decode()


@frozen
class Promise:
    """What an encoded plan promises: what was decided, when, and the tag it was asked for."""

    decided: Mapping[str, Any]
    created: datetime
    tag: str | None
    nothing: str

    @property
    def migrates(self) -> bool:
        """Whether a migration belongs to it."""
        return bool(self.decided["migrate"] != "none")

    @property
    def content(self) -> dict[str, Any]:
        """All of it as plain data."""
        told = {"created": self.created.isoformat(), "tag": self.tag, "nothing": self.nothing}
        return {"decided": dict(self.decided), **told}

    @property
    def hash(self) -> str:
        """The plan's hash."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()


def promise_of(plan: Plan) -> Promise:
    """Return what a plan promises."""
    return Promise(plan.decided, plan.created, plan.tag, plan.nothing)


def decode(text: str) -> Promise:
    """Read an encoded plan. That it is still true is checked by apply.

    Errors: ConfigError when it isn't one, Refused when it was edited. Whoever edits it can make a new hash too: but
    that isn't the one that reviewers saw and the ledger tells.
    """
    try:
        unpacker = zlib.decompressobj()
        data = json.loads(unpacker.decompress(base64.urlsafe_b64decode(text.encode()), _LARGEST))
        promise = Promise(data["decided"], datetime.fromisoformat(data["created"]), data["tag"], data["nothing"])
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise _not_a_plan() from error
    if not unpacker.eof or not _whole(promise):  # without its end, zlib hasn't compared the checksum
        raise _not_a_plan()
    if data.get("hash") != promise.hash:
        raise Refused(
            "the plan was edited: it isn't what its hash says", remedy="make a new plan, and pass it unchanged"
        )
    return promise


def _whole(promise: Promise) -> bool:
    decided = promise.decided
    if not isinstance(decided, dict) or set(decided) != _DECIDED or not isinstance(decided["previous"], dict):
        return False
    texts = [value for key, value in decided.items() if key != "previous"] + list(decided["previous"].values())
    return (
        all(isinstance(each, str) for each in [*texts, promise.nothing, "" if promise.tag is None else promise.tag])
        and decided["migrate"] in {"none", "before", "after"}
        and promise.created.tzinfo is not None
    )


def _not_a_plan() -> ConfigError:
    return ConfigError("this is not a plan", remedy="pass the plan output of the plan step, unchanged")
