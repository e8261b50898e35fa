"""Going back by itself: when a rollout fails where there is a `from`, all workloads return to what they ran."""

from __future__ import annotations

from attrs import evolve

from promokit.errors import PromokitError, Superseded
from promokit.image import tag_in
from promokit.ledger.record import digest_in, succeeded
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.promotion.clients import Clients
from promokit.promotion.presence import Inquiry
from promokit.promotion.result import Result
from promokit.promotion.step import Step
from promokit.promotion.watched import watched
from promokit.rollout.judgement import Verdict
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import Rollout, roll_out


def go_back(step: Step, done: Rollout, result: Result, clients: Clients) -> Result:
    """Bring all workloads back and follow them to a verdict; the result says both, or why it stays as it is."""
    images = _way_back(step, done)
    if images is None:
        return _stays(result, "the ledger tells no image that ran here before")
    settings = step.environment.migration
    if result.migration == "succeeded" and settings and not settings.backward_compatible:
        why = "the migration ran before and isn't marked backward-compatible"
        return _stays(result, why, f"when it is safe: promokit rollback {step.environment.name}")
    target = images[step.environment.reference]
    inquiry = Inquiry(clients)
    inquiry.ask(images.values())
    if gone := inquiry.gone:
        return _stays(result, f"{gone} isn't in the registry")
    # Whoever stops us from here on, the rollout's own end is known: the ledger is to say it.
    step.operation.ending = (result, {"why": f"stopped while rolling back by itself to {tag_in(target)}"})
    step.progress(f"rolling back by itself to {tag_in(target)}")
    return _brought_back(step, result, images, clients)


def _brought_back(step: Step, result: Result, images: dict[Workload, str], clients: Clients) -> Result:
    """Set the images and follow them. What the rollout came to stays the outcome, whatever comes of the way back."""
    tag = tag_in(images[step.environment.reference])
    try:
        back = roll_out(
            step.operation.namespace,
            images,
            Policy.of(step.environment),
            cause=f"{step.cause}: rolled back by itself after {result.outcome}: {result.reason}",
            epoch=step.operation.lease.epoch,
            expected=dict.fromkeys(step.environment.workloads, str(step.image)),
            watching=watched(clients, step.progress, stopped=step.operation.lease.lost),
        ).verdict
    except Superseded as error:
        error.what = f"{error.what}, while this went back to {tag} by itself after {result.outcome}: {result.reason}"
        error.changed = True
        raise
    except PromokitError as error:
        return _not_back(step, result, f"going back to {tag} by itself failed: {error.what}", str(error))
    if back.outcome == Outcome.SUCCEEDED:
        return evolve(result, rolled_back=True, back=str(back.outcome), next_steps=(_told(tag, back),))
    worse = evolve(result, evidence=(*back.evidence, *result.evidence), standings=())
    return _not_back(step, worse, f"{back.outcome}: {back.reason}", _told(tag, back))


def _told(tag: str, back: Verdict) -> str:
    reason = f" ({back.reason})" if back.outcome != Outcome.SUCCEEDED else ""
    return f"rolled back by itself to {tag}: {back.outcome}{reason}"


def _not_back(step: Step, result: Result, back: str, told: str) -> Result:
    """Neither image is known to be healthy: somebody is needed now, and has to know which commands there are."""
    name = step.environment.name
    ways = (f"look: promokit status {name}", f"an older image: promokit rollback {name} --to TAG (promokit history)")
    return evolve(result, back=back, next_steps=(told, *ways))


def _way_back(step: Step, done: Rollout) -> dict[Workload, str] | None:
    """Return what each workload ran before, or the newest other image that succeeded here.

    A run that goes on where another was stopped finds the new image in place: what ran before it is in the ledger.
    """
    new = str(step.image)
    if new not in done.previous.values():
        return dict(done.previous)
    bad = {digest_in(new), *step.book.holds}
    others = [each.image for each in succeeded(step.book.lines) if digest_in(each.image) not in bad]
    return dict.fromkeys(step.environment.workloads, others[0]) if others else None


def _stays(result: Result, why: str, *more: str) -> Result:
    return evolve(result, next_steps=(f"not rolled back by itself: {why}", *more))
