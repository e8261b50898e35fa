"""Which digests may run, by the ledger, and where that is written."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from hypothesis import given

from promokit.errors import Unreachable
from promokit.ledger.allowed import allowed
from promokit.ledger.allowed_store import NAME, publish_allowed
from promokit.ledger.lines import Line
from promokit.ledger.record import entry
from promokit.ledger.store import append, read_book
from tests.cluster.api_server import ApiServer
from tests.factories import NOW, digest, image
from tests.ledger.test_trimming import ACTS, entries_of

Entries = list[Line]
BEFORE = "main-app/main-app"


def opened(op: str, which: str, before: str, kind: str = "promotion", **facts: Any) -> Line:
    return entry("opened", kind, op, NOW, image=str(image(which)), previous={BEFORE: str(image(before))}, **facts)


def closed(op: str, outcome: str = "succeeded", **facts: Any) -> Line:
    return entry("closed", "promotion", op, NOW, outcome=outcome, **facts)


def noted(kind: str, which: str) -> Line:
    return entry("noted", kind, f"{kind}-{which}", NOW, digest=str(digest(which)), reason="x")


def adopted(which: str) -> Line:
    return entry("noted", "adopt", "adopt-1", NOW, images={BEFORE: str(image(which))}, reason="x")


A = [opened("1", "a", "0"), closed("1")]
AB = [*A, opened("2", "b", "a"), closed("2")]


@pytest.mark.parametrize(
    ("lines", "digits"),
    [
        ([], ""),
        (A, "a"),
        (AB, "ab"),
        ([*AB, adopted("d")], "abd"),
        ([*A, noted("hold", "c")], "a"),
        ([opened("1", "a", "0")], "0a"),
        ([*A, opened("2", "b", "a")], "ab"),
        ([*A, opened("2", "b", "a"), closed("2", "failed")], "ab"),
        ([*A, opened("2", "b", "a"), closed("2", "failed", rolled_back=True)], "a"),
        ([*A, opened("2", "b", "a"), closed("2", "inconclusive")], "ab"),
        ([*A, opened("2", "b", "a"), closed("2", "failed"), opened("3", "a", "b"), closed("3")], "a"),
        ([*AB, noted("hold", "b")], "a"),
        ([*AB, noted("hold", "b"), noted("release", "b")], "ab"),
        ([*AB, noted("hold", "a"), opened("3", "c", "a")], "abc"),
        ([*AB, opened("3", "a", "b", kind="rollback"), noted("hold", "b")], "a"),
        ([*AB, noted("hold", "a"), opened("3", "a", "b", kind="rollback"), noted("hold", "b")], "a"),
        ([opened("1", "a", "0", kind="rollback", images={BEFORE: str(image("e"))})], "0ae"),
    ],
)
def test_what_may_run_follows_from_the_ledger(lines: Entries, digits: str) -> None:
    """What succeeded or was taken over and isn't held; what is under way and its way back; what was left."""
    assert allowed(lines) == {f"sha256-{each * 64}": "2026.11.24.0001" for each in digits}


@given(ACTS.filter(lambda act: act[0] == "operation"))
def test_what_begins_may_run(act: tuple[Any, ...]) -> None:
    """Before the cluster is changed the image is listed, whatever happened to it."""
    lines = [noted("hold", act[1]), entries_of(1, act)[0]]
    assert f"sha256-{act[1] * 64}" in allowed(lines)


def test_a_key_is_one_of_a_config_map() -> None:
    """Lower hex after a word without a colon; what somebody wrote that has no digest isn't listed."""
    odd = [
        entry("opened", "promotion", "1", NOW, image="app:latest", previous={BEFORE: "app@sha256:XYZ"}),
        entry("noted", "adopt", "2", NOW, images={BEFORE: "app@sha256:" + "A" * 64}),
        entry("noted", "adopt", "3", NOW, images=7),
    ]
    assert allowed(odd) == {}
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", key) for key in allowed(AB))
    assert allowed([entry("opened", "rollout", "1", NOW, image=f"app@{digest()}")]) == {f"sha256-{'a' * 64}": ""}


def write(api: ApiServer, lines: Entries) -> bool:
    return publish_allowed(api.namespace(), append(api.namespace(), lambda book: lines))


def listed(api: ApiServer) -> str:
    return "".join(sorted({key[-1] for key in api.get("configmaps", NAME)["data"]}))


def test_it_is_written_only_when_it_changes(api: ApiServer) -> None:
    """It is made with the first image; after that a look is enough where nothing changed."""
    assert write(api, A) is True
    before = api.get("configmaps", NAME)["metadata"]["resourceVersion"]
    assert write(api, [opened("2", "a", "a"), closed("2")]) is False
    assert api.get("configmaps", NAME)["metadata"]["resourceVersion"] == before
    assert write(api, [opened("3", "b", "a")]) is True
    assert listed(api) == "ab"


def test_nothing_to_list_makes_no_list(api: ApiServer) -> None:
    """A hold in an environment that nothing was promoted to."""
    assert write(api, [noted("hold", "a")]) is False
    assert ("credreg-test", "configmaps", NAME) not in api.objects


def test_what_somebody_else_put_on_it_stays(api: ApiServer) -> None:
    """A label that their tools go by; a digest that they added doesn't."""
    api.put("configmaps", NAME, {"metadata": {"labels": {"team": "credreg"}}, "data": {f"sha256-{'f' * 64}": "x"}})
    write(api, A)
    assert api.get("configmaps", NAME)["metadata"]["labels"] == {"team": "credreg"}
    assert listed(api) == "a"


def test_an_older_word_never_replaces_a_newer_one(api: ApiServer) -> None:
    """Who is slow reads the ledger again, and writes what it says by then."""
    slow = append(api.namespace(), lambda book: A)
    write(api, [opened("2", "b", "a"), closed("2")])
    assert publish_allowed(api.namespace(), slow) is False
    assert listed(api) == "ab"


def test_of_many_at_once_the_last_word_stands(api: ApiServer) -> None:
    """Each writes its line and then the list: what is listed is what the whole ledger says."""

    def work(which: str) -> None:
        write(api, [opened(which, which, which), closed(which)])

    threads = [threading.Thread(target=work, args=(each,)) for each in "abcdef01"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert listed(api) == "01abcdef"
    assert api.get("configmaps", NAME)["data"] == allowed(read_book(api.namespace()).lines)


def test_a_list_that_may_not_be_written_is_told(api: ApiServer) -> None:
    """With the permission to grant."""
    append(api.namespace(), lambda book: A)
    api.fail(403, method="POST", path="configmaps")
    with pytest.raises(Unreachable, match="the list of digests that may run here can't be written") as caught:
        publish_allowed(api.namespace(), read_book(api.namespace()))
    assert "rbac.yaml" in str(caught.value)
    assert caught.value.where == f"ConfigMap {NAME} in credreg-test"
