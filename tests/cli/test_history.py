import json
from pathlib import Path
from typing import Any

import pytest

from promokit.cli.app import main
from promokit.ledger.chain import verify
from promokit.ledger.record import entry
from promokit.ledger.store import append, read_book
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.factories import NOW, digest

NAMESPACE, WORKLOADS = "credreg-prod", ("web/app", "api/app")
OLD, NEW = (f"r.example/a:2026.11.2{number}.0001@{digest(letter)}" for number, letter in ((1, "a"), (2, "b")))


@pytest.fixture
def there(api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """An API server that the folder's promokit.yaml leads to."""
    where = {"namespace": NAMESPACE, "workloads": list(WORKLOADS), "cluster": {"context": "test"}}
    content = {"image": {"repository": "r.example/a", "branch": "master"}, "environments": {"prod": where}}
    (tmp_path / "promokit.yaml").write_text(json.dumps(content))
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path, api.url)))
    monkeypatch.chdir(tmp_path)
    return api


def opened(kind: str, to: str, previous: str, **facts: Any) -> dict[str, Any]:
    before = dict.fromkeys(WORKLOADS, previous)
    return entry("opened", kind, kind, NOW, image=to, previous=before, actor="alice", **facts)


def closed(kind: str, outcome: str, reason: str, **facts: Any) -> dict[str, Any]:
    return entry("closed", kind, kind, NOW, outcome=outcome, reason=reason, duration=42.3, **facts)


def table(there: ApiServer, capsys: pytest.CaptureFixture[str], *lines: dict[str, Any]) -> list[list[str]]:
    """The rows that are shown of these lines, their cells without what pads them."""
    append(there.namespace(NAMESPACE), lambda book: lines)
    with pytest.raises(SystemExit) as caught:
        main(["history", "prod"])
    assert caught.value.code == 0
    head, *rows, last = capsys.readouterr().out.splitlines()
    assert last.startswith("head ")
    starts = [head.index(each) for each in ("at", "what", "from", "outcome", "took", "by", "why")]
    return [[row[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)] for row in rows]


def test_an_operation_is_one_row(there: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """When, from which tag to which, how it ended, how long it took, and who began it."""
    rows = table(there, capsys, opened("promotion", NEW, OLD), closed("promotion", "succeeded", "complete"))
    at = NOW.strftime("%Y-%m-%d %H:%M:%S")
    assert rows == [[at, "promotion", "2026.11.21.0001 → 2026.11.22.0001", "succeeded", "42s", "alice", ""]]


def test_its_lines_are_told_as_json_lines(there: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """As they were chained, so that whoever has them can prove them, and nothing else beside them."""
    table(there, capsys, opened("promotion", NEW, OLD), closed("promotion", "succeeded", "complete"))
    with pytest.raises(SystemExit) as caught:
        main(["history", "prod", "--lines"])
    assert caught.value.code == 0
    told = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert told == list(read_book(there.namespace(NAMESPACE)).lines)
    assert [each["line"] for each in told] == ["opened", "closed"]
    assert verify(told) is None


def test_why_it_did_not_succeed_is_told(there: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason word, and whether it went back by itself."""
    ended = closed("promotion", "timed_out", "not-ready", rolled_back=True)
    (row,) = table(there, capsys, opened("promotion", NEW, OLD), ended)
    assert row[3] == "timed out: not-ready, rolled back by itself"


def test_one_that_has_not_ended_says_so(there: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """It may be under way, or its run is gone."""
    (row,) = table(there, capsys, opened("promotion", NEW, OLD))
    assert row[3:5] == ["still open", ""]


def test_a_rollback_stands_with_its_reason_beside_its_hold(
    there: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is held is named by its tag, where a line tells it."""
    hold = entry("noted", "hold", "hold-1", NOW, digest=str(digest("b")), reason="it lost money", actor="alice")
    begun = opened("rollback", OLD, NEW, reason="it lost money")
    rows = table(there, capsys, opened("promotion", NEW, OLD), begun, hold, closed("rollback", "succeeded", "complete"))
    assert [row[1:4] for row in rows[1:]] == [
        ["rollback", "2026.11.22.0001 → 2026.11.21.0001", "succeeded"],
        ["hold", "2026.11.22.0001", ""],
    ]
    assert [row[6] for row in rows] == ["", "it lost money", "it lost money"]


def test_workloads_that_went_each_their_own_way_are_all_named(
    there: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a rollback by the revision history does, and what somebody takes over may be."""
    images = dict(zip(WORKLOADS, (OLD, f"r.example/a@{digest('c')}"), strict=True))
    (row,) = table(there, capsys, entry("noted", "adopt", "adopt-1", NOW, images=images, reason="by hand"))
    assert row[1:4] == ["adopt", f"2026.11.21.0001, {str(digest('c'))[:19]}", ""]


@pytest.mark.parametrize("duration", ["x", {}, float("nan"), float("inf"), -1, 10**400], ids=lambda each: str(each)[:9])
def test_an_edited_line_is_shown_all_the_same(
    there: ApiServer, capsys: pytest.CaptureFixture[str], duration: object
) -> None:
    """Anything may stand in it."""
    facts = {"image": {}, "previous": 3, "digest": [], "why": 7}
    (row,) = table(there, capsys, {**closed("promotion", "failed", "crash-loop"), **facts, "duration": duration})
    assert row[3:5] == ["failed: crash-loop", ""]
