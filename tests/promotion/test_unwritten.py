"""Operations whose ledger can't be written: their lines are told instead."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from markdown_it import MarkdownIt

from promokit.cli.ending import Stopped, end, end_with_error, end_with_signal
from promokit.cli.result_shown import result_ending
from promokit.errors import PromokitError, Superseded
from promokit.ledger.lines import read
from promokit.ledger.store import NAME
from promokit.promotion.rollback import rollback
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = {"main-app", "worker-app"}


def denied(scene: Scene) -> None:
    scene.api.fail(403, path=f"configmaps/{NAME}", times=999)


def rubbish(scene: Scene) -> None:
    scene.api.put("configmaps", NAME, {"data": {"lines": "rubbish"}})


def down(scene: Scene) -> None:
    scene.api.fail(503, path="configmaps", times=999)


def full(scene: Scene) -> None:
    scene.api.fail(413, method="PUT", path="configmaps", times=999)


def fenced(summary: str) -> list[str]:
    """The one block of code of a summary, line by line."""
    (found,) = (each for each in MarkdownIt("commonmark").parse(summary) if each.type == "fence")
    return str(found.content).splitlines()


@pytest.mark.parametrize("trouble", [denied, rubbish, down, full])
def test_a_rollback_tells_the_lines_that_it_could_not_write(moved: Scene, trouble: Callable[[Scene], None]) -> None:
    """Opened, the hold, closed: in the summary, on the terminal and as JSON, with the command that takes them in."""
    trouble(moved)
    said: list[str] = []
    done = rollback(moved.environment, reason="it crashes", clients=moved.clients, progress=said.append)
    assert (done.outcome, moved.running()) == ("succeeded", dict.fromkeys(BOTH, SECOND))
    assert [(each["line"], each["kind"]) for each in done.unwritten] == [
        ("opened", "rollback"),
        ("noted", "hold"),
        ("closed", "rollback"),
    ]
    begun, held, ended = done.unwritten
    assert {each["environment"] for each in done.unwritten} == {"test"}
    assert (begun["image"], begun["reason"]) == (f":{SECOND}@{moved.images[SECOND].digest}", "it crashes")
    assert held["digest"] == str(moved.images[THIRD].digest)
    assert ended["outcome"] == "succeeded"
    assert [each.partition(":")[0] for each in said if each.isupper() or each.startswith("THE ")] == [
        "THE LEDGER CAN'T BE WRITTEN",
        "THE HOLD CAN'T BE WRITTEN EITHER",
        "THE LEDGER CAN'T BE WRITTEN",
    ]
    assert done.next_steps == ()
    ending = result_ending("rollback", "test", done)
    first, *lines, last = fenced(ending.summary)
    assert (first, last) == ("promokit adopt test --lines - --yes <<'LINES'", "LINES")
    assert [read(each) for each in lines] == list(done.unwritten)
    assert ending.text.endswith("\n".join((first, *lines, last)))
    assert json.loads(json.dumps(ending.data))["unwritten"] == [dict(each) for each in done.unwritten]


@pytest.mark.parametrize("trouble", [denied, rubbish, down, full])
def test_a_promotion_is_stopped_before_it_changes_anything(moved: Scene, trouble: Callable[[Scene], None]) -> None:
    """It isn't the emergency exit: what isn't on record isn't done."""
    trouble(moved)
    before = moved.state()
    with pytest.raises(PromokitError):
        moved.applied(FIRST)
    assert moved.state() == before


def test_what_is_told_holds_no_account_and_nothing_that_a_shell_or_markdown_reads(moved: Scene) -> None:
    """A reason is anybody's text: it ends no fence, no heredoc, and isn't taken for a command."""
    denied(moved)
    hostile = "```\nLINES\n::error::x ##[y] <b> `rm` $(rm) !! & '"
    done = rollback(moved.environment, reason=hostile, clients=moved.clients)
    ending = result_ending("rollback", "test", done)
    first, *lines, last = fenced(ending.summary)
    assert (first[:8], last, len(lines)) == ("promokit", "LINES", 3)
    assert read(lines[0])["reason"] == hostile
    assert not set("`<>&#!") & set("".join(lines))
    assert moved.environment.settings().repository not in "".join(lines)


def test_a_run_without_its_ledger_has_a_warning(
    moved: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is green: without an annotation nobody would look."""
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    denied(moved)
    done = rollback(moved.environment, clients=moved.clients)
    assert end(result_ending("rollback", "test", done), "text", {"GITHUB_ACTIONS": "true", **files}) == 0
    (warning,) = (each for each in capsys.readouterr().out.splitlines() if each.startswith("::warning::"))
    assert "nothing holds what was left" in warning
    assert "--lines" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert result_ending("rollback", "test", evolve(done, unwritten=())).warning == ""


def test_a_ledger_that_can_be_written_at_the_end_has_it_all(moved: Scene) -> None:
    """It is tried once more when the workloads are back: then nothing is left to take in."""
    moved.api.fail(403, method="PUT", path=NAME)
    said: list[str] = []
    done = rollback(moved.environment, clients=moved.clients, progress=said.append)
    assert done.unwritten == ()
    assert [each["line"] for each in moved.book().lines[-3:]] == ["opened", "noted", "closed"]
    assert moved.book().broken(done.head) is None
    assert set(moved.book().holds) == {str(moved.images[THIRD].digest)}
    assert any("could be written now" in each for each in said)
    assert "hold --release" in done.next_steps[0]


def test_a_closing_that_cannot_be_written_is_told_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a promotion that went back by itself: both lines, for whoever has no ledger left to compare."""
    monkeypatch.setattr("promokit.ledger.contention._PAUSES", ())

    def break_ledger(text: str) -> None:
        if "rolling back by itself" in text:
            denied(scene)

    there = evolve(scene, environment=evolve(scene.environment, auto_rollback=True))
    done = there.applied(THIRD, progress=break_ledger)
    assert (done.outcome, done.rolled_back) == ("failed", True)
    assert [each["line"] for each in done.unwritten] == ["opened", "closed"]
    assert (done.unwritten[1]["outcome"], done.unwritten[1]["rolled_back"]) == ("failed", True)


def test_a_rollback_that_fails_on_its_way_tells_its_lines_with_the_error(
    moved: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have changed something, and the digest isn't held."""
    denied(moved)
    moved.api.fail(403, method="GET", path="deployments", after=2, times=999)
    with pytest.raises(PromokitError) as caught:
        rollback(moved.environment, clients=moved.clients)
    assert [each["line"] for each in caught.value.unwritten] == ["opened", "noted", "closed"]
    with pytest.raises(SystemExit):
        end_with_error(caught.value, ["-o", "json"], {})
    out, err = capsys.readouterr()
    assert len(json.loads(out)["unwritten"]) == 3
    assert err.rstrip().endswith("LINES")


def test_a_rollback_that_is_stopped_tells_its_lines(moved: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """As cancelled, with what is true of the workloads."""
    denied(moved)

    def stop(text: str) -> None:
        if "progressing" in text:
            raise Stopped(signal.SIGTERM)

    with pytest.raises(Stopped) as caught:
        rollback(moved.environment, clients=moved.clients, progress=stop)
    ended = caught.value.unwritten[-1]
    assert (ended["outcome"], ended["reason"]) == ("inconclusive", "cancelled")
    assert "whoever comes next" not in "".join(caught.value.__notes__)
    with pytest.raises(SystemExit):
        end_with_signal(caught.value, [], {})
    assert capsys.readouterr().err.rstrip().endswith("LINES")


def test_a_bug_is_told_by_its_kind_alone(moved: Scene) -> None:
    """Its text may hold a secret, and these lines stand in a job's summary and log."""
    denied(moved)

    def fail(text: str) -> None:
        if "progressing" in text:
            raise RuntimeError("token=hunter2")

    with pytest.raises(RuntimeError) as caught:
        rollback(moved.environment, clients=moved.clients, progress=fail)
    assert caught.value.unwritten[-1]["why"] == "a bug in promokit: RuntimeError"  # type: ignore[attr-defined]


def test_a_superseded_rollback_writes_nothing_behind_whoever_took_over(moved: Scene) -> None:
    """Its lines are older than the other's, though the ledger could be written again."""
    moved.api.fail(403, method="PUT", path=NAME)
    before = moved.book()

    def take_over(text: str) -> None:
        if "progressing" in text:
            raise Superseded("superseded: another operation took the lease")

    with pytest.raises(Superseded) as caught:
        rollback(moved.environment, clients=moved.clients, progress=take_over)
    assert moved.book() == before
    assert caught.value.unwritten[-1]["reason"] == "superseded"


def test_a_promotion_that_is_stopped_leaves_its_line_open(scene: Scene) -> None:
    """Whoever comes next closes it: there is nothing to take in."""

    def cut(text: str) -> None:
        denied(scene)
        raise Stopped(signal.SIGTERM)

    with pytest.raises(Stopped) as caught:
        scene.applied(SECOND, progress=cut)
    assert caught.value.unwritten == ()
    assert "whoever comes next" in "".join(caught.value.__notes__)
