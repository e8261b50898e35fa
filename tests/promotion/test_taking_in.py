"""Lines that a rollback couldn't write, taken in by the ledger later: from then on it counts as others do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner

from promokit.cli.app import cli
from promokit.cli.result_shown import result_ending
from promokit.errors import ConfigError, Refused, Unreachable
from promokit.ledger.allowed_store import NAME as ALLOWED
from promokit.ledger.lease import take
from promokit.ledger.lines import Line
from promokit.ledger.record import TAKEN_IN, failures, newest_change, recorded, succeeded
from promokit.ledger.store import NAME
from promokit.ledger.unwritten import told_text
from promokit.promotion.record import hold, release
from promokit.promotion.result import Result
from promokit.promotion.rollback import rollback
from promokit.promotion.taking_in import Intake, take_in
from tests.manifest_objects import Controller
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = {"main-app", "worker-app"}


@pytest.fixture
def config(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A promokit.yaml of the scene; the command finds its cluster."""
    monkeypatch.setenv("KUBECONFIG", scene.clients.environ["KUBECONFIG"])
    text = f"""
      image: {{repository: {scene.registry.repository}, branch: master}}
      environments:
        test: {{cluster: {{context: test}}, namespace: credreg-test, workloads: [main-app/main-app, worker-app/worker]}}
    """
    (tmp_path / "promokit.yaml").write_text(text)
    return str(tmp_path / "promokit.yaml")


def unrecorded(scene: Scene, **settings: Any) -> Result:
    """A rollback while nobody may write the ledger; then somebody grants it."""
    scene.api.fail(403, method="PUT", path=NAME, times=999)
    done = rollback(scene.environment, reason="it crashes", clients=scene.clients, **settings)
    scene.api.faults.clear()
    assert done.unwritten
    return done


def text_of(done: Result) -> str:
    return "\n".join(map(told_text, done.unwritten))


def an_hour_ago(done: Result) -> Result:
    then = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    return evolve(done, unwritten=tuple({**each, "at": then} for each in done.unwritten))


def taken(scene: Scene, done: Result, **settings: Any) -> Intake:
    return take_in(scene.environment, text_of(done), clients=scene.clients, wait=0, **settings)


def test_from_then_on_it_counts(moved: Scene) -> None:
    """What runs is what the ledger says, what was left is held, and the way back is found by it."""
    done = unrecorded(moved)
    assert moved.planned(THIRD).exit_code == 0
    found = taken(moved, done)
    assert (len(found.lines), found.head) == (3, moved.book().head)
    book = moved.book()
    assert book.broken(found.head) is None
    assert succeeded(book.lines)[0].kind == "rollback"
    assert set(recorded(book.lines).values()) == {(str(moved.images[SECOND]),)}
    assert book.holds == {str(moved.images[THIRD].digest): "it crashes"}
    assert str(moved.images[THIRD].digest).replace(":", "-") not in moved.api.get("configmaps", ALLOWED)["data"]
    assert moved.planned(FIRST).allowed
    assert moved.planned(THIRD).exit_code == 3
    with pytest.raises(Refused, match="is back on 2222"):
        rollback(moved.environment, clients=moved.clients)
    assert moved.api.get("leases", "promokit")["spec"]["holderIdentity"] == ""


def test_each_line_says_who_took_it_in_and_when(moved: Scene) -> None:
    """The API server's own name for them too: of the lines themselves it knows nothing."""
    taken(moved, unrecorded(moved))
    for each in moved.book().lines[-3:]:
        told = each[TAKEN_IN]
        assert (told["actor"], told["identity"]) == (moved.clients.context.actor, "system:tester")
        assert told["at"] >= each["at"]


def test_nothing_is_taken_in_twice(moved: Scene) -> None:
    """Also where the rollback could be recorded after all."""
    done = unrecorded(moved)
    taken(moved, done)
    before = moved.state()
    again = taken(moved, done)
    assert (again.changed, again.head) == (False, moved.book().head)
    assert moved.state() == before


def test_a_rollback_that_failed_is_known_to_have_failed(moved: Scene) -> None:
    """The next plan says so."""
    moved.api.reactions[0] = Controller(moved.api, bad=str(moved.images[SECOND].digest))
    taken(moved, unrecorded(moved))
    (failure,) = failures(moved.book().lines, str(moved.images[SECOND].digest))
    assert (failure.kind, failure.reason) == ("rollback", "crash-loop")
    assert moved.planned(SECOND).failed_before


def test_what_was_done_since_stays_the_newest(moved: Scene) -> None:
    """A later promotion, and a hold that was released: the lines that come late are of before."""
    done = an_hour_ago(unrecorded(moved))
    digest = moved.images[THIRD].digest
    assert digest is not None
    hold(moved.environment, digest, reason="by hand", clients=moved.clients)
    moved.applied(FIRST)
    release(moved.environment, digest, reason="fine", clients=moved.clients)
    taken(moved, done)
    start, _ = newest_change(moved.book().lines) or ({}, None)
    assert (start["kind"], start["image"]) == ("rollout", str(moved.images[FIRST]))
    assert moved.book().holds == {}
    assert moved.planned(SECOND).allowed


def test_a_ledger_that_was_moved_away_begins_anew_with_them(moved: Scene) -> None:
    """The old one was rubbish; the rollback went by the revisions, and is the first of the new chain."""
    moved.api.put("configmaps", NAME, {"data": {"lines": "rubbish"}})
    done = rollback(moved.environment, clients=moved.clients)
    moved.api.delete("configmaps", NAME)
    found = taken(moved, done)
    assert [each["line"] for each in moved.book().lines] == ["opened", "noted", "closed"]
    assert moved.book().broken(found.head) is None
    assert set(moved.book().holds) == {str(moved.images[THIRD].digest)}


def test_another_operation_is_not_disturbed(moved: Scene) -> None:
    """The lease is waited for as by all others."""
    done = unrecorded(moved)
    before = moved.book()
    with take(moved.api.namespace(), "bob@laptop"), pytest.raises(Refused, match="bob@laptop"):
        taken(moved, done)
    assert moved.book() == before


def test_somebody_who_writes_meanwhile_loses_nothing(moved: Scene) -> None:
    """Compare-and-set: both are there, and the chain holds."""
    done = unrecorded(moved)
    digest = moved.images[FIRST].digest
    assert digest is not None

    def meanwhile(lines: Sequence[Line]) -> None:
        hold(moved.environment, digest, reason="by bob", clients=moved.clients)

    taken(moved, done, confirm=meanwhile)
    assert set(moved.book().holds) == {str(digest), str(moved.images[THIRD].digest)}
    assert moved.book().broken() is None


def test_two_who_take_in_the_same_lines_do_it_once(moved: Scene) -> None:
    """The second finds them there, though they were missing when it was asked."""
    done = unrecorded(moved)

    def somebody(lines: Sequence[Line]) -> None:
        assert taken(moved, done).changed

    later = taken(moved, done, confirm=somebody)
    assert (later.changed, later.head) == (False, moved.book().head)
    assert [each["line"] for each in moved.book().lines if each.get(TAKEN_IN)] == ["opened", "noted", "closed"]


def test_a_ledger_that_still_cannot_be_written_is_exit_5(moved: Scene) -> None:
    """Nothing is lost: the lines are still where they were."""
    done = unrecorded(moved)
    moved.api.fail(403, method="PUT", path=NAME, times=9)
    with pytest.raises(Unreachable, match="can't be written"):
        taken(moved, done)


def test_the_command_that_is_told_does_it(moved: Scene, config: str, tmp_path: Path) -> None:
    """Given to a shell as it stands in the summary, whatever the reason says; then there is nothing to do."""
    moved.api.fail(403, method="PUT", path=NAME, times=999)
    reason = "!! !x `touch x` $(touch x) 'LINES' \nLINES\n```"
    done = rollback(moved.environment, reason=reason, clients=moved.clients)
    moved.api.faults.clear()
    command = result_ending("rollback", "test", done).text.partition("takes them in:\n")[2]
    script = f'set -o history -H\npromokit() {{ echo "$@"; cat; }}\n{command}\n'
    ran = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True, cwd=tmp_path)
    words, lines = ran.stdout.split("\n", 1)
    assert words == "adopt test --lines - --yes"
    assert not (tmp_path / "x").exists()
    call = partial(CliRunner().invoke, cli, [*words.split(), "--config", config, "-o", "json"])
    told = json.loads(call(input=lines).stdout)
    assert (told["changed"], len(told["lines"]), told["head"]) == (True, 3, moved.book().head)
    assert moved.book().lines[-3]["reason"] == reason
    again = call(input=lines)
    assert (again.exit_code, json.loads(again.stdout)["changed"]) == (0, False)
    shown = CliRunner().invoke(cli, ["history", "test", "--config", config]).stdout
    assert f"{moved.clients.context.actor}, taken in by " in shown


WRONG: Mapping[str, Callable[[str], tuple[str, bytes]]] = {
    "is given no file that is there": lambda text: ("--lines=missing.jsonl", b""),
    "is given no text": lambda text: ("--lines=-", b"\xff"),
    "is given the fence too": lambda text: ("--lines=-", f"```\n{text}\n```".encode()),
    "is given nothing": lambda text: ("--lines=-", b""),
    "is given half a line": lambda text: ("--lines=-", text[:-9].encode()),
    "is given a reason too": lambda text: ("--reason=x --lines=-", text.encode()),
    "has neither": lambda text: ("", b""),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_use_is_told_and_writes_nothing(
    moved: Scene, config: str, wrong: Callable[[str], tuple[str, bytes]]
) -> None:
    """In one sentence, with what to do."""
    words, given = wrong(text_of(unrecorded(moved)))
    before = moved.state()
    ended = CliRunner().invoke(cli, ["adopt", "test", *words.split(), "--yes", "--config", config], input=given)
    assert isinstance(ended.exception, ConfigError)
    assert ended.exception.remedy
    assert moved.state() == before


def test_nobody_takes_in_what_they_have_not_confirmed(moved: Scene, config: str, tmp_path: Path) -> None:
    """The lines are shown first; where nobody can be asked it needs --yes."""
    file = tmp_path / "lines.jsonl"
    file.write_text(text_of(unrecorded(moved)))
    before = moved.state()
    ended = CliRunner().invoke(cli, ["adopt", "test", "--lines", str(file), "--config", config])
    assert isinstance(ended.exception, ConfigError)
    assert "--yes" in str(ended.exception)
    assert moved.state() == before
