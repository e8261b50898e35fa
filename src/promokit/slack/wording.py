"""What each event and outcome is called, and what it means for whoever reads it on a Friday at six. Pure.

`{env}` is the environment in capitals, `{tag}` the image's tag. A lead says what is true now.
"""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """A headline with its sign, and one or two sentences under it."""

    sign: str
    headline: str
    lead: str


_NAMES = {
    "build": "Build of {tag}",
    "deploy": "Deploy of {tag} to {env}",
    "promotion": "Promotion of {tag} to {env}",
    "rollback": "Rollback of {env} to {tag}",
}
_HALF_WAY = "{env} may run two images at once. A new run picks up where it stopped."
_NOTHING = "Nothing was changed: {env} runs what it ran before."

_OUTCOMES = {
    "succeeded": Wording("✅", "{name} succeeded", "Rolled out and healthy; its migrations, if any, are done."),
    "failed": Wording("❌", "{name} failed", "The pods or the migration failed. {env} may run two images at once."),
    "timed_out": Wording(
        "⏱️",
        "{name} timed out",
        "It had its time, and may still finish or fail. Look before trying again.",
    ),
    "inconclusive": Wording(
        "❔",
        "{name}: its end is unknown",
        "The cluster could not be watched. Check {env} before the next change.",
    ),
    "unknown": Wording("❔", "{name} could not be judged", "A gate could not be asked. " + _NOTHING),
    "refused": Wording("⛔", "{name} refused", _NOTHING),
    "declined": Wording(
        "🙅", "{name} declined", "A reviewer said no, or the approval's job couldn't start. " + _NOTHING
    ),
    "half_done": Wording(
        "🟠", "{name} is half done", "A step was done and the next was not: see the run. A new run picks up there."
    ),
    "error": Wording("❌", "{name} could not be run as it is", "The run's log says what is wrong and the remedy."),
    "cancelled": Wording("⏹️", "{name} cancelled", "Somebody stopped the run. " + _HALF_WAY),
    "superseded": Wording(
        "⏭️",
        "{name} superseded",
        "Somebody else changed {env} meanwhile, and that stands. This run let go.",
    ),
    "rolled_back": Wording("↩️", "{name} failed and was rolled back", "{env} runs the previous image again."),
    "already_newer": Wording("☑️", "{env} keeps a newer image than {tag}", "This image is older. " + _NOTHING),
    "unchanged": Wording("☑️", "{env} runs {tag} already", "There was nothing to do."),
}

_SPECIAL = {
    ("build", "succeeded"): Wording("📦", "Built {tag}", "The registry has it, under its release and revision tags."),
    ("build", "failed"): Wording("❌", "{name} failed", "There is no image to deploy. Nothing was deployed."),
    ("build", "timed_out"): Wording("⏱️", "{name} timed out", "There is no image to deploy. Nothing was deployed."),
    ("build", "inconclusive"): Wording("❔", "{name}: its end is unknown", "Nothing was deployed."),
    ("build", "unknown"): Wording("❔", "{name} could not be judged", "Nothing was built or deployed."),
    ("build", "refused"): Wording("⛔", "{name} refused", "Nothing was built or deployed."),
    ("build", "cancelled"): Wording("⏹️", "{name} cancelled", "Somebody stopped the run. Nothing was deployed."),
    ("build", "superseded"): Wording("⏭️", "{name} superseded", "A newer build took over. Nothing was deployed."),
    ("build", "unchanged"): Wording("☑️", "{tag} was built before", "The commit has its image: nothing was rebuilt."),
    ("deploy", "succeeded"): Wording(
        "✅", "{env} runs {tag}", "Rolled out and healthy; its migrations, if any, are done."
    ),
    ("promotion", "succeeded"): Wording(
        "🚀", "Promoted {tag} to {env}", "Rolled out and healthy; its migrations, if any, are done."
    ),
    ("rollback", "succeeded"): Wording(
        "↩️",
        "{env} is back on {tag}",
        "Healthy. No migration was undone: the schema is still the newer one's.",
    ),
    ("rollback", "failed"): Wording("🚨", "{name} failed", "{env} is neither here nor there: it needs somebody now."),
    ("rollback", "timed_out"): Wording(
        "🚨", "{name} timed out", "{env} didn't come back in time: it needs somebody now."
    ),
}


def wording(event: str, outcome: str, environment: str, tag: str) -> Wording:
    """The words for this event and outcome, filled in. An outcome nobody foresaw is told as it is."""
    outcome = outcome.replace("-", "_")
    fallback = Wording("❔", "{name} ended", "Outcome: " + _literal(outcome or "none was told") + ".")
    words = _SPECIAL.get((event, outcome)) or _OUTCOMES.get(outcome) or fallback
    known = {"env": environment.upper() or "the environment", "tag": tag or "an image"}
    known["name"] = _NAMES.get(event, _literal(event) or "Run").format_map(known)
    return Wording(words.sign, words.headline.format_map(known), words.lead.format_map(known))


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
