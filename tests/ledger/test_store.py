import json
import threading
from typing import Any

import pytest

from promokit.errors import PromokitError, Unreachable, VerificationFailed
from promokit.ledger import trimming
from promokit.ledger.book import Book
from promokit.ledger.chain import START, verify
from promokit.ledger.record import entry
from promokit.ledger.store import NAME, append, read_book
from tests.cluster.api_server import ApiServer
from tests.factories import NOW, digest

Line = dict[str, Any]


def operation(number: int) -> list[Line]:
    return [entry("opened", "rollout", f"op{number}", NOW), entry("closed", "rollout", f"op{number}", NOW)]


def hold(op: str, which: str = "a") -> Line:
    return entry("noted", "hold", op, NOW, digest=str(digest(which)), reason="bad")


def written(api: ApiServer, *lines: Line) -> Book:
    return append(api.namespace(), lambda book: lines)


def test_a_ledger_that_is_not_there_is_empty(api: ApiServer) -> None:
    """The first line makes it; its head is that of the start before."""
    assert read_book(api.namespace()) == Book()
    assert Book().head == START


def test_what_is_appended_is_read_back(api: ApiServer) -> None:
    """Lines are chained to the ones before, and the head is the newest line's hash."""
    first = written(api, *operation(1))
    second = written(api, *operation(2))
    assert second == read_book(api.namespace())
    assert len(second.lines) == 4
    assert second.lines[2]["before"] == first.head
    assert verify(second.lines, second.anchor, first.head) is None


def test_nothing_to_append_writes_nothing(api: ApiServer) -> None:
    """No empty ledger comes to be."""
    assert written(api).version is None
    assert {each.method for each in api.calls} == {"GET"}


def test_a_ledger_that_was_just_read_is_not_read_again(api: ApiServer) -> None:
    """Unless somebody wrote since: then it is. What others have put on it stays."""
    written(api, *operation(1))
    api.get("configmaps", NAME)["metadata"]["labels"] = {"team": "sre"}
    known = read_book(api.namespace())
    api.calls.clear()
    append(api.namespace(), lambda book: operation(2), known)
    assert [each.method for each in api.calls] == ["PUT"]
    assert api.get("configmaps", NAME)["metadata"]["labels"] == {"team": "sre"}
    last = append(api.namespace(), lambda book: operation(3), known)
    assert [each["op"] for each in last.lines[::2]] == ["op1", "op2", "op3"]
    assert last.broken() is None


def test_the_entries_are_asked_again_when_somebody_else_wrote(api: ApiServer) -> None:
    """They see the ledger that they are appended to."""
    written(api, *operation(1))
    seen: list[int] = []

    def entries(book: Book) -> list[Line]:
        seen.append(len(book.lines))
        if len(seen) == 1:
            written(api, *operation(2))
        return operation(3)

    assert len(append(api.namespace(), entries).lines) == 6
    assert seen == [2, 4]


def test_ten_writers_at_once_lose_nothing(api: ApiServer) -> None:
    """Compare-and-set by resourceVersion: the chain holds and every line is there, once."""
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            written(api, *operation(number))
        except PromokitError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    book = read_book(api.namespace())
    assert not failures
    assert sorted(each["op"] for each in book.lines) == sorted([f"op{number}" for number in range(10)] * 2)
    assert verify(book.lines, book.anchor) is None


def test_the_newest_operations_are_kept_and_the_anchor_proves_the_cut(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes leaves the hash of its last line and its number, so that the rest can still be verified."""
    monkeypatch.setattr(trimming, "KEPT_OPERATIONS", 5)
    whole: list[Line] = []
    for number in range(8):
        book = written(api, *operation(number))
        whole = [*whole, *[dict(each) for each in book.lines if each not in whole]]
    assert [each["op"] for each in book.lines] == [f"op{number}" for number in (3, 3, 4, 4, 5, 5, 6, 6, 7, 7)]
    assert (book.anchor, book.dropped) == (whole[5]["hash"], 6)
    assert read_book(api.namespace()) == book
    assert book.broken() is None
    assert verify(book.lines) is not None


def test_a_hold_outlives_its_line(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trimming doesn't release anything; a release after it does."""
    monkeypatch.setattr(trimming, "KEPT_OPERATIONS", 2)
    written(api, hold("h1"), hold("h2", "b"))
    for number in range(3):
        written(api, *operation(number))
    book = read_book(api.namespace())
    assert set(book.holds) == {str(digest("a")), str(digest("b"))}
    assert all(each.get("carried") for each in book.lines if each["kind"] == "hold")
    assert book.broken() is None
    written(api, entry("noted", "release", "r1", NOW, digest=str(digest("a")), reason="fine"))
    assert set(read_book(api.namespace()).holds) == {str(digest("b"))}


def test_a_ledger_that_may_not_be_written_is_told(api: ApiServer) -> None:
    """With the permission to grant; the cause isn't taken for somebody else's write."""
    api.fail(403, method="POST")
    with pytest.raises(Unreachable, match="the ledger can't be written") as caught:
        written(api, *operation(1))
    assert "rbac.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "said", "remedy"),
    [
        (422, "data: Forbidden: field is immutable when `immutable` is set", "without `immutable`.*DEPLOY"),
        (422, "[]: Too long: may not be more than 1048576 bytes", "see what the API server names"),
        (403, 'admission webhook "a.b" denied the request: no', "see what the API server names"),
    ],
)
def test_what_is_not_accepted_is_no_missing_permission(api: ApiServer, status: int, said: str, remedy: str) -> None:
    """To grant what is granted doesn't help whoever stands before an immutable ConfigMap."""
    api.fail(status, method="POST", body=json.dumps({"message": said}).encode())
    with pytest.raises(Unreachable, match=remedy) as caught:
        written(api, *operation(1))
    assert "rbac" not in str(caught.value)


def test_what_others_put_on_the_ledgers_object_stays(api: ApiServer) -> None:
    """A label that a backup goes by, an annotation, an owner: each write leaves them."""
    written(api, *operation(1))
    theirs = {"labels": {"backup": "daily"}, "annotations": {"note": "keep"}, "ownerReferences": [{"name": "x"}]}
    there = api.get("configmaps", NAME)
    api.put("configmaps", NAME, {**there, "metadata": {**there["metadata"], **theirs}})
    assert len(written(api, *operation(2)).lines) == 4
    metadata = api.get("configmaps", NAME)["metadata"]
    assert {key: metadata.get(key) for key in theirs} == theirs


def test_a_namespace_that_is_not_there_is_no_missing_permission(api: ApiServer) -> None:
    """What helps is to make it."""
    api.fail(404, method="POST")
    with pytest.raises(Unreachable, match="apply the manifests first"):
        written(api, *operation(1))


@pytest.mark.parametrize("status", [401, 403])
def test_a_denial_is_no_outage(api: ApiServer, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Asked again it is denied again: a rollback isn't kept waiting for that."""
    pauses: list[float] = []
    monkeypatch.setattr("promokit.ledger.contention.time.sleep", pauses.append)
    api.fail(status, method="GET", times=9)
    with pytest.raises(Unreachable, match="the ledger can't be written"):
        written(api, *operation(1))
    assert pauses == []
    api.faults.clear()
    api.fail(503, method="GET")
    assert len(written(api, *operation(1)).lines) == 2
    assert pauses == [0.5]


def test_too_many_conflicts_end(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of tries is bounded."""
    monkeypatch.setattr("promokit.ledger.contention.time.sleep", lambda seconds: None)
    written(api, *operation(1))
    api.fail(409, method="PUT", times=99)
    with pytest.raises(Unreachable, match="too many at once"):
        written(api, *operation(2))


@pytest.mark.parametrize("line", ["not json", "[]", "7", '"text"', "null", "{", '{"op": ["x"]}', '{"outcome": {}}'])
def test_a_ledger_that_is_not_lines_of_json_cannot_be_read(api: ApiServer, line: str) -> None:
    """Somebody edited it: that is a failed verification, not a crash, and names the line and the ConfigMap."""
    api.put("configmaps", NAME, {"data": {"lines": f'{{"op": "x"}}\n{line}'}})
    with pytest.raises(VerificationFailed, match="can't be read: line 2 is not one of ours") as caught:
        read_book(api.namespace())
    assert caught.value.where == "ConfigMap promokit-ledger in credreg-test"


@pytest.mark.parametrize("anchor", ["[]", "7", "{", '{"hash": 7}', '{"dropped": "x"}'])
def test_an_anchor_that_is_none_cannot_be_read(api: ApiServer, anchor: str) -> None:
    """The anchor is part of the proof."""
    api.put("configmaps", NAME, {"data": {"lines": "", "anchor": anchor}})
    with pytest.raises(VerificationFailed, match="can't be read: the anchor is"):
        read_book(api.namespace())


@pytest.mark.parametrize("lost", ["hash", "before", "op", "line", "kind", "at"])
def test_a_line_that_lost_a_field_is_still_verified_and_told(api: ApiServer, lost: str) -> None:
    """An edited ledger is read as far as it goes, so that verify can name the line."""
    book = written(api, *operation(1))
    edited = [{key: value for key, value in each.items() if key != lost} for each in book.lines]
    api.put("configmaps", NAME, {"data": {"lines": "\n".join(map(json.dumps, edited))}})
    found = read_book(api.namespace())
    assert found.holds == {}
    assert isinstance(found.head, str)
    broken = verify(found.lines, found.anchor)
    assert broken is not None
    assert broken.line == 1
