import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promokit.cli.report import fenced
from promokit.cli.result_shown import result_ending
from promokit.cli.rollback import _tell
from promokit.github.runner import MOST_SUMMARY
from promokit.promotion.result import Result
from promokit.rollout.judgement import Evidence
from tests.cli.standing import HOSTILE, failed, standing, succeeded


def result(**changes: Any) -> Result:
    settings: dict[str, Any] = {
        "changed": True,
        "remedy": "read the log of the container below",
        "duration": 12.0,
        "evidence": failed(log=("boom", "at main.py:3")).verdict.evidence,
        "standings": (succeeded("worker", 4.0), failed()),
        **changes,
    }
    return Result(settings.pop("outcome", "failed"), settings.pop("reason", "crash-loop"), **settings)


def tokens(markdown: str) -> list[Any]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)


def test_the_text_begins_with_verdict_cause_and_remedy() -> None:
    """What a reader needs first stands first; the workloads follow, the failed one before the others."""
    lines = result_ending("rollout", "test", result()).text.splitlines()
    assert lines[:5] == [
        "rollout of test: failed (crash-loop)",
        "main-app/web: main-app-1/web (exit 3, 2 times) Error",
        "  | boom",
        "  | at main.py:3",
        "Remedy: read the log of the container below.",
    ]
    assert [each.split()[0] for each in lines[-3:]] == ["workload", "main-app/web", "worker/web"]


def test_many_causes_do_not_drive_the_verdict_out_of_sight() -> None:
    """Two hundred pods that crash, each with its log, are no two thousand lines."""
    many = tuple(Evidence("main-app/web", f"p-{each}", "web", 3, "Error", log=("x",) * 20) for each in range(200))
    stand = tuple(failed(f"app-{each}") for each in range(200))
    text = result_ending("rollout", "test", result(evidence=many, standings=stand)).text
    assert len(text.splitlines()) < 60
    assert "and 195 more" in text
    assert "and 180 more" in text


def test_the_summary_ends_with_the_table_and_the_logs() -> None:
    """The verdict is its heading."""
    summary = result_ending("rollout", "test", result()).summary
    assert tokens(summary)[1].content.startswith("rollout of test")
    parsed = tokens(summary)
    assert [each.type for each in parsed].count("table_open") == 2
    assert parsed[-1].type == "fence"
    assert parsed[-1].content == "boom\nat main.py:3\n"
    rows = summary.partition("| workload |")[2].splitlines()[2:4]
    assert [row.split(" | ")[1:3] for row in rows] == [["succeeded", "complete"], ["failed", "crash&#45;loop"]]
    assert [row.split(" | ")[-1] for row in rows] == ["4&#46;0s |", "12s |"]


@given(st.lists(st.text(max_size=40) | st.sampled_from(["```", "~~~~", "`" * 9, "  ```", HOSTILE]), max_size=8))
def test_nothing_in_a_log_is_markup(lines: list[str]) -> None:
    """The fence is longer than any in the text: it is one block of code, and nothing after it is taken in."""
    parsed = tokens(fenced(lines) + "\nafter\n")
    assert [each.type for each in parsed] == ["fence", "paragraph_open", "inline", "paragraph_close"]


def test_foreign_text_is_text_in_every_place() -> None:
    """In the message, the pod's name, the log, the next steps: neither HTML nor a link, a command or a control."""
    evidence = (Evidence("main-app/web", HOSTILE, HOSTILE, 3, HOSTILE, log=(HOSTILE,)),)
    ending = result_ending("rollout", "test", result(evidence=evidence, next_steps=(HOSTILE,)))
    for each in tokens(ending.summary):
        inner = [child.type for child in each.children or ()]
        assert not {each.type, *inner} & {"html_block", "html_inline", "link_open", "code_inline", "hr"}
    assert not [line for line in ending.text.splitlines() if line.startswith("::")]
    assert "\x1b" not in ending.text + ending.summary


@pytest.mark.parametrize("size", [2_000, 400_000])
def test_the_summary_stays_below_what_the_runner_takes(size: int) -> None:
    """Logs that have no room are counted; the table isn't cut."""
    logs = tuple(Evidence("a/web", f"p-{each}", "web", 3, "ü" * size, log=("ü" * size,) * 20) for each in range(300))
    stand = tuple(failed(f"app-{each}") for each in range(200))
    summary = result_ending("rollout", "test", result(evidence=logs, standings=stand)).summary
    assert len(summary.encode()) < MOST_SUMMARY
    assert "more containers have no room" in summary.splitlines()[-1]
    assert summary.count("app&#45;") >= 200
    assert tokens(summary)[-1].type == "paragraph_close"


def test_the_annotation_of_the_verdict_does_not_repeat_the_cause() -> None:
    """The view has told it; where no workload had a verdict, it is told here."""
    assert result_ending("rollout", "test", result()).error == "rollout of test: failed (crash-loop)"
    half = result(reason="half-changed", standings=(), evidence=(Evidence("a/web", message="not changed"),))
    assert result_ending("rollout", "test", half).error == "rollout of test: failed (half-changed) a/web: not changed"
    blind = result(outcome="inconclusive", reason="blind", standings=(standing(),), evidence=(Evidence("a/web"),))
    assert "a/web" in result_ending("rollout", "test", blind).error
    assert result_ending("rollout", "test", Result("succeeded", "complete")).error == ""


def test_the_json_tells_each_workload() -> None:
    """As explain does, with the numbers; no time while nothing has ended."""
    data = json.loads(json.dumps(result_ending("rollout", "test", result(standings=(failed(), standing("b")))).data))
    first, second = data["workloads"]
    assert (first["workload"], first["outcome"], first["reason"], first["t"]) == (
        "main-app/web",
        "failed",
        "crash-loop",
        12.0,
    )
    assert (second["outcome"], second["t"], second["updated"], second["wanted"]) == ("progressing", None, 1, 3)
    assert "standings" not in data


def test_who_tells_slack_of_a_rollback_by_hand_tells_the_ledgers_head() -> None:
    """As a run's own message does: a head that is published is what shows a ledger that was rewritten."""
    done = result(outcome="succeeded", image="r/a:2@sha256:b", previous="r/a:1@sha256:a", head="c0ffee")
    assert _tell("prod", done).endswith("--environment prod --tag 2 --previous-tag 1 --ledger-head c0ffee")
