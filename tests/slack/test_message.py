import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.slack.message import Notice, message
from promokit.slack.wording import wording

EVENTS = ["build", "deploy", "promotion", "rollback"]
OUTCOMES = [
    "succeeded",
    "failed",
    "timed_out",
    "inconclusive",
    "unknown",
    "refused",
    "cancelled",
    "superseded",
    "rolled_back",
    "already-newer",
    "unchanged",
]
DIGEST = "sha256:" + "0123456789abcdef" * 4
FULL = Notice(
    event="promotion",
    outcome="refused",
    environment="prod",
    tag="2026.01.02.0003",
    digest=DIGEST,
    reason="bake: 3 h of 24 h",
    remedy="wait until tomorrow at 09:00 UTC",
    previous_tag="2026.01.01.0002",
    run_url="https://github.example/acme/credreg/actions/runs/7",
    next_url="https://github.example/acme/credreg/actions/workflows/promote-prod.yaml",
    next_name="promote-prod",
    actor="alice",
    ledger_head="abc123",
    repository="acme/credreg",
)


def texts(told: dict[str, Any]) -> list[str]:
    """Every text that Slack shows, in order."""
    found = [told["text"]]
    for block in told["blocks"]:
        objects = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        found += [item["text"] for item in objects if item]
    return found


def test_a_message_has_its_facts_its_remedy_and_its_links() -> None:
    """All that whoever is on duty needs to know and to do."""
    shown = "\n".join(texts(message(FULL)))
    assert "⛔ Promotion of 2026.01.02.0003 to PROD refused" in shown
    assert "Nothing was changed: PROD runs what it ran before." in shown
    for fact in ("2026.01.01.0002", "alice", "acme/credreg", "abc123", "0123456789ab", DIGEST):
        assert fact in shown
    assert "*Why:* bake: 3 h of 24 h" in shown
    assert "*What to do:* wait until tomorrow at 09:00 UTC" in shown
    assert f"*Next:* <{FULL.next_url}|promote-prod>" in shown
    assert f"<{FULL.run_url}|The run and its summary>" in shown


def test_a_notification_tells_headline_and_reason() -> None:
    """What a phone shows."""
    assert message(FULL)["text"] == "⛔ Promotion of 2026.01.02.0003 to PROD refused (bake: 3 h of 24 h)"


def test_what_is_not_known_is_not_shown() -> None:
    """A build that failed early has no tag and no digest."""
    told = message(Notice(event="build", outcome="failed"))
    assert [block["type"] for block in told["blocks"]] == ["header", "section"]
    assert texts(told)[1:] == [
        "❌ Build of an image failed",
        "There is no image to deploy. Nothing was deployed.",
    ]


@pytest.mark.parametrize("event", EVENTS)
def test_each_outcome_of_an_event_has_words_of_its_own(event: str) -> None:
    """No two outcomes can be mistaken for one another."""
    headlines = [wording(event, outcome, "prod", "2026.01.02.0003").headline for outcome in OUTCOMES]
    assert len(set(headlines)) == len(OUTCOMES)


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "refused", "cancelled", "timed_out", "inconclusive"])
def test_each_event_with_an_outcome_has_words_of_its_own(outcome: str) -> None:
    """A build isn't a deploy, and a rollback that failed isn't a deploy that failed."""
    told = [wording(event, outcome, "prod", "2026.01.02.0003")[1:] for event in EVENTS]
    assert len({headline for headline, _ in told}) == len(EVENTS)


@pytest.mark.parametrize(("event", "outcome"), list(itertools.product(EVENTS, OUTCOMES)))
def test_only_an_outcome_that_left_things_alone_says_so(event: str, outcome: str) -> None:
    """`Nothing was changed` is said where nothing can have been."""
    lead = wording(event, outcome, "prod", "2026.01.02.0003").lead
    quiet = outcome in ("refused", "unknown", "already-newer")
    assert ("Nothing was changed" in lead) == (quiet and (event, outcome) not in SAID_OTHERWISE)


SAID_OTHERWISE = {("build", "refused"), ("build", "unknown")}


def test_an_outcome_that_nobody_foresaw_is_told_as_it_is() -> None:
    """Better a plain word than none."""
    words = wording("de{ploy}", "exploded{env}", "prod", "t")
    assert words.headline == "de{ploy} ended"
    assert "exploded{env}" in words.lead


TEXT = st.text(max_size=40) | st.sampled_from(["x" * 5000, "&<>" * 3000, "{env}", "<!channel>", "@here", "a\nb"])
URLS = TEXT | st.sampled_from(["https://x.io/" + "&" * 190, "https://x.io/" + "a" * 980, "https://x.io/" + "&" * 900])
NOTICES = st.builds(
    Notice,
    event=st.sampled_from(EVENTS) | TEXT,
    outcome=st.sampled_from(OUTCOMES) | TEXT,
    environment=TEXT,
    tag=TEXT,
    digest=TEXT,
    reason=TEXT,
    remedy=TEXT,
    previous_tag=TEXT,
    run_url=URLS,
    next_url=URLS,
    next_name=TEXT,
    actor=TEXT,
    ledger_head=TEXT,
    repository=TEXT,
)


@given(NOTICES)
def test_every_message_is_within_slack_s_limits_and_mentions_nobody(notice: Notice) -> None:
    """Block Kit's limits; a message beyond them is refused whole."""
    told = message(notice)
    assert 0 < len(told["blocks"]) <= 50
    for block in told["blocks"]:
        assert block["type"] in ("header", "section", "context")
        assert len(block.get("fields", [])) <= 10
        assert len(block.get("elements", [])) <= 10
        assert all(0 < len(item["text"]) <= 2000 for item in [*block.get("fields", []), *block.get("elements", [])])
        assert 0 < len(block.get("text", {"text": "x"})["text"]) <= (150 if block["type"] == "header" else 3000)
    assert len(told["text"]) <= 4000
    assert not [text for text in texts(told)[2:] if "<!" in text or "<@" in text or "<#" in text]
    assert "<" not in told["text"]
