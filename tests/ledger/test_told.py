"""Lines that were told outside of a ledger: what is read of them, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import ConfigError
from promokit.github.escape import plain
from promokit.ledger.lines import read
from promokit.ledger.record import entry
from promokit.ledger.told import MOST_BYTES, OLDEST, read_told
from promokit.ledger.unwritten import told_lines, told_text
from tests.factories import NOW, REPOSITORY, WORKLOAD, digest, environment, image

PROD = environment("prod")
OP = "0123456789ab"
BEGUN = entry(
    "opened",
    "rollback",
    OP,
    NOW - timedelta(minutes=2),
    actor="alice",
    holder="alice@laptop",
    identity="system:alice",
    image=str(image("a")),
    previous={str(WORKLOAD): str(image("b")), "worker-app/worker": "registry.example.org/other:1"},
    proven=True,
    reason="it crashes",
)
HELD = entry("noted", "hold", f"hold-{OP}", NOW - timedelta(minutes=2), digest=str(digest("b")), reason="it crashes")
ENDED = entry(
    "closed", "rollback", OP, NOW, outcome="succeeded", reason="complete", rolled_back=False, duration=1.5, proven=True
)
ALL = (BEGUN, HELD, ENDED)


def told(*lines: dict[str, Any]) -> str:
    return "\n".join(map(told_text, told_lines(PROD, lines)))


def changed(which: dict[str, Any], **fields: Any) -> str:
    """The three lines as text, fields of one of them changed after they were told."""
    new = [
        {**each, **(fields if each["op"] == which["op"] and each["line"] == which["line"] else {})}
        for each in told_lines(PROD, ALL)
    ]
    return "\n".join(map(json.dumps, new))


def test_lines_are_read_as_they_would_have_been_written() -> None:
    """Images are whole again; the environment's name was for the way alone. Their order doesn't matter."""
    assert [each.line for each in read_told(told(*ALL), PROD, NOW)] == [BEGUN, HELD, ENDED]
    assert [each.line for each in read_told(told(ENDED, HELD, BEGUN), PROD, NOW)] == [BEGUN, HELD, ENDED]
    assert [each.line for each in read_told(f"\n{told(*ALL)}\n\n", PROD, NOW)] == [BEGUN, HELD, ENDED]


def test_the_environments_own_repository_is_not_told() -> None:
    """A runner masks the number of the account in it, wherever it prints."""
    text = told(*ALL)
    assert REPOSITORY not in text
    assert "registry.example.org/other:1" in text
    assert read(text.splitlines()[0])["image"] == f":2026.11.24.0001@{digest('a')}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "0 lines"),
        ("\n" * 200, "0 lines"),
        ("{}\n" * 101, "101 lines"),
        ("x" * (MOST_BYTES + 1), "more than"),
        ("```", "line 1 .*no line of a ledger"),
        (f"{told(*ALL)}\nLINES", "line 4 .*no line of a ledger"),
        (told(*ALL)[:-3], "line 3 .*no line of a ledger"),
        ("[" * 100_000, "line 1 .*no line of a ledger"),
        ("[]", "line 1 .*no line of a ledger"),
        ("{}", "none that an operation writes"),
        (told(BEGUN, ENDED, ENDED), "line 3 .*twice"),
        (told(BEGUN, HELD), "line 1 .*other line"),
        (told(HELD, ENDED), "operation that set this hold|other line"),
        (told(HELD), "line 1 .*operation that set this hold"),
        (changed(BEGUN, line="done"), "none that an operation writes"),
        (changed(BEGUN, line=["opened"]), "no line of a ledger"),
        (changed(HELD, kind="release"), "line 2 .*none that an operation writes"),
        (changed(HELD, kind="override"), "line 2 .*none that an operation writes"),
        (changed(BEGUN, kind="adopt"), "none that an operation writes"),
        (changed(ENDED, kind="promotion"), "other line"),
        (changed(BEGUN, environment="test"), "another environment"),
        (changed(BEGUN, environment=""), "no environment"),
        (changed(BEGUN, hash="0" * 64), "a field that such a line hasn't got: hash"),
        (changed(ENDED, carried=1), "a field that such a line hasn't got: carried"),
        (changed(ENDED, taken_in={}), "a field that such a line hasn't got: taken_in"),
        (changed(ENDED, outcome="progressing"), "outcome"),
        (changed(ENDED, outcome="fine"), "outcome"),
        (changed(ENDED, duration=float("nan")), "duration is of another type"),
        (changed(ENDED, duration=True), "duration is of another type"),
        (changed(ENDED, proven="yes"), "proven is of another type"),
        (changed(ENDED, duration=-1.0), "duration is of another type"),
        (changed(ENDED, duration=10**400), "no line of a ledger|duration is of another type"),
        (changed(BEGUN, attempt=10**12), "attempt is of another type"),
        (changed(BEGUN, attempt=-1), "attempt is of another type"),
        (changed(ENDED, migration="succeeded"), "line 3 .*a rollback has no migration"),
        (changed(ENDED, rolled_back=True), "line 3 .*a rollback has no rolled_back"),
        (changed(BEGUN, image=":2026.11.24.0001"), "line 1 .*none that a promotion brings"),
        (changed(BEGUN, image=f"registry.example.org/other:1@{digest('a')}"), "line 1 .*none that a promotion brings"),
        (changed(BEGUN, images={str(WORKLOAD): str(image("a"))}), "line 1 .*none that a promotion brings"),
        (changed(BEGUN, previous={"a": {"b": "c"}}), "previous is of another type"),
        (changed(BEGUN, previous={}), "no previous"),
        (changed(BEGUN, previous={"shop/web": "x"}), "workloads that prod hasn't got"),
        (changed(BEGUN, image="***/registry:1"), "not an image reference"),
        (changed(HELD, digest="sha256:short"), "not a digest"),
        (changed(BEGUN, op="../x"), "op isn't one"),
        (changed(BEGUN, op=f"hold-{OP}"), "op isn't one"),
        (changed(BEGUN, at="yesterday"), "time"),
        (changed(BEGUN, at="2026-11-24T12:00:00"), "time"),
        (changed(ENDED, at=(NOW + timedelta(hours=1)).isoformat()), "line 3 .*in the future"),
        (changed(BEGUN, at=(NOW - OLDEST - timedelta(1)).isoformat()), "days ago"),
        (changed(ENDED, at=(NOW - timedelta(hours=1)).isoformat()), "ended before it began"),
    ],
    ids=lambda text: text[:30],
)
def test_what_was_not_told_so_is_refused(text: str, problem: str) -> None:
    """Wrong use, with the number of the line and what to do; nothing is guessed."""
    with pytest.raises(ConfigError, match=problem) as caught:
        read_told(text, PROD, NOW)
    assert caught.value.remedy


def test_an_unproven_rollback_may_have_gone_back_to_anything() -> None:
    """It went by the workloads' own revisions, which have what somebody once set."""
    own = {"image": "registry.example.org/other:1", "images": {str(WORKLOAD): "registry.example.org/other:1"}}
    (begun, _, _) = read_told(changed(BEGUN, proven=False, **own), PROD, NOW)
    assert {key: begun.line[key] for key in own} == own


def test_a_proven_rollback_may_go_back_to_each_repository_that_may_run_here() -> None:
    """Also to one that promokit.yaml allows beside that of releases."""
    image = f"registry.example.org/branches:1@{digest('a')}"
    there = environment("prod", also_from=("registry.example.org/branches",))
    (begun, _, _) = read_told(changed(BEGUN, image=image), there, NOW)
    assert begun.line["image"] == image


def test_texts_are_cut_to_what_a_ledger_has_room_for() -> None:
    """Whoever has the file may have made them longer."""
    (begun, _, _) = read_told(changed(BEGUN, reason="x" * 10_000), PROD, NOW)
    assert len(begun.line["reason"]) < 600


anything = st.text() | st.lists(
    st.dictionaries(
        st.sampled_from(["line", "kind", "op", "at", "environment", "image", "previous", "outcome", "digest", "x"]),
        st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["opened", "rollback", OP]),
                     lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4),
    ).map(json.dumps)
).map("\n".join)  # fmt: skip


@given(anything)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never an error of ours."""
    try:
        read_told(text, PROD, NOW)
    except ConfigError:
        return


@given(st.text())
def test_what_is_told_is_a_line_wherever_it_is_shown(reason: str) -> None:
    """A log, Markdown and a shell change nothing in it, and it is read back as it was."""
    (line,) = told_lines(PROD, [{**BEGUN, "reason": reason}])
    text = told_text(line)
    assert read(text) == line
    assert plain(text) == text
    assert text.isascii()
    assert not set("`<>&#!\n") & set(text)
