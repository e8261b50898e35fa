"""What the bench computes from what it saw."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve

from tests.bench import costs, page
from tests.bench.completions import Completions
from tests.bench.followed import Compared, Followed
from tests.bench.measured import Cost, peak_of, sockets_to
from tests.bench.requests import counted
from tests.bench.set_up import for_several
from tests.bench.verdict_cases import ROWS, Row
from tests.bench.verdict_table import Result, cells, merged, reason
from tests.lab.cases import CASES
from tests.lab.cases.steps import HideImage, Patch, ShowImage


def asked(agent: str, verb: str, uri: str, number: int = 1) -> str:
    event = {"auditID": str(number), "userAgent": agent, "verb": verb, "requestURI": uri}
    return json.dumps({**event, "objectRef": {"resource": uri.rpartition("/")[2].partition("?")[0]}})


def test_requests_are_counted_once_and_by_what_they_ask() -> None:
    """A watch is logged when it begins and when it ends; one that sends the list first is a list too."""
    lines = [
        asked("promokit", "watch", "/api/v1/namespaces/a/pods?watch=true&sendInitialEvents=true"),
        asked("promokit", "watch", "/api/v1/namespaces/a/pods?watch=true&sendInitialEvents=true"),
        asked("promokit", "watch", "/api/v1/namespaces/a/pods?watch=true", 2),
        asked("promokit", "get", "/apis/apps/v1/namespaces/a/deployments", 3),
        asked("kubectl/v1.36.3", "get", "/apis/apps/v1/namespaces/a/deployments", 4),
    ]
    assert counted(lines, "promokit") == {"list and watch pods": 1, "watch pods": 1, "get deployments": 1}
    assert counted(lines, "kubectl") == {"get deployments": 1}


def test_the_kernel_says_the_peak() -> None:
    """In kibibytes; a process that has ended says nothing."""
    assert peak_of("Name:\tpromokit\nVmHWM:\t   1000 kB\nVmRSS:\t 900 kB\n") == pytest.approx(1.024)
    assert peak_of("Name:\tpromokit\nState:\tZ\n") == 0


def test_only_established_connections_to_the_port_count() -> None:
    """Those that are closing, and those to other ports, don't."""
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:9C40 0100007F:192B 01 00000000:00000000 00:00000000 00000000     0        0 11 1\n"
        "   1: 0100007F:9C41 0100007F:192B 06 00000000:00000000 00:00000000 00000000     0        0 12 1\n"
        "   2: 0100007F:9C42 0100007F:01BB 01 00000000:00000000 00:00000000 00000000     0        0 13 1\n"
    )
    assert sockets_to(table, 6443) == {"11"}


def deployment(name: str, generation: int, observed: int, available: int = 2, runs: str = "new") -> dict[str, object]:
    counts = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": available}
    metadata = {"name": name, "generation": generation}
    spec = {"replicas": 2, "template": runs}
    return {"metadata": metadata, "spec": spec, "status": {"observedGeneration": observed, **counts}}


def test_the_last_completion_of_a_changed_deployment_counts() -> None:
    """One that was complete before isn't, whatever was written beside; nor is one that isn't available any more."""
    seen = Completions(api=None, path="", before={"a": "old", "b": "old"})  # type: ignore[arg-type]
    seen.take(deployment("a", 1, 1, runs="old"), 1.0)
    seen.take(deployment("a", 2, 2, runs="old"), 1.5)
    assert seen.last(0) is None
    seen.take(deployment("a", 2, 1), 2.0)
    seen.take(deployment("a", 2, 2), 3.0)
    seen.take(deployment("b", 2, 2), 4.0)
    seen.take(deployment("a", 2, 2, available=1), 5.0)
    assert seen.last(0) is None
    seen.take(deployment("a", 2, 2), 6.0)
    seen.take(deployment("a", 2, 2), 7.0)
    assert (seen.changed_at, seen.last(0)) == (2.0, 6.0)


def test_a_section_of_the_page_is_replaced_and_nothing_else() -> None:
    """Each part is measured by itself; one that the page doesn't know is an error."""
    before = "# Page\n<!-- a -->\nold\n<!-- /a -->\n<!-- b -->\nkept\n<!-- /b -->\n"
    after = page.replaced(before, "a", "new \\1\n")
    assert after == "# Page\n<!-- a -->\nnew \\1\n<!-- /a -->\n<!-- b -->\nkept\n<!-- /b -->\n"
    with pytest.raises(ValueError, match="no section c"):
        page.replaced(before, "c", "")


def test_a_table_is_markdown() -> None:
    """A line for the head, one under it, one a row."""
    assert page.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    """So that one row can be measured anew; a section without a table has none."""
    file = tmp_path / "page.md"
    text = page.table(("case", "seconds"), [("b two", "2 ✔"), ("a one", "")])
    file.write_text(page.replaced("<!-- x -->\n<!-- /x -->\n<!-- y -->\n<!-- /y -->\n", "x", f"words:\n\n{text}"))
    assert page.rows("x", file) == [["b two", "2 ✔"], ["a one", ""]]
    assert page.rows("y", file) == []


def test_rows_measured_anew_take_their_place() -> None:
    """The others stay; the letters order them."""
    before, measured = [("a one", "1"), ("c three", "3")], [("b two", "2"), ("a one", "4")]
    assert merged(before, measured) == [("a one", "4"), ("b two", "2"), ("c three", "3")]


def test_costs_end_with_the_ratio_of_both() -> None:
    """promokit's to kubectl's, so that the machine's speed doesn't matter."""
    promokit = Followed(
        "promokit", 0.2, Cost(6.0, 60.0, 5), Counter({"list and watch pods": 1, "watch pods": 2, "get deployments": 2})
    )
    kubectl = Followed("kubectl", 0.1, Cost(0.6, 120.0, 1), Counter({"list deployments": 1}))
    first, second, third = costs.rows("1 Deployment of 5", Compared(12.3, (promokit, kubectl)))
    took = "1 Deployment of 5, 12 s"
    others = ("5", "60 MB", "6.0 s", "0.20 s")
    assert first == (took, "promokit", "1 list and watch, 2 watches renewed", "2 get", *others)
    assert second[2] == "1 list"
    assert third[4:] == ("5×", "0.5×", "10×", "2×")


def bounded(row: Row, at: float) -> Row:
    return evolve(row, bound=lambda seen: at)


def test_a_verdict_is_true_if_it_is_right_and_was_shown() -> None:
    """A right guess before the API showed it isn't true."""
    row = bounded(ROWS[1], 2.0)
    results = [Result(2.1, 1, 'words\n{\n  "reason": "crash-loop"\n}\n', []), Result(1.0, 1, "", [])]
    assert cells(row, results) == ("b crash loop", "2.00", "2.10 ✔ crash-loop +0.10", "1.00 ✘ failure")


def test_no_verdict_and_a_false_one_are_told_apart() -> None:
    """Success told of what fails is false; silence is neither."""
    row = bounded(ROWS[1], 2.0)
    assert cells(row, [Result(None, -9, "", []), Result(3.0, 0, "", [])])[2:] == ("∅", "3.00 ✘ success")


def test_what_nothing_proves_has_no_bound() -> None:
    """A verdict on it would be a guess."""
    assert cells(ROWS[3], [Result(None, -9, "", []), Result(7.0, 1, "", [])])[1:] == (
        "nothing proves it",
        "∅",
        "7.00 ✘ failure",
    )


def test_only_json_has_a_reason() -> None:
    """Other programs' words are theirs."""
    assert reason("0.1s going on\n{\n  ") == ""
    assert reason('deployment "web" successfully rolled out\n') == ""


def test_what_several_programs_share_is_done_once_and_is_enough() -> None:
    """The image is hidden once; the node has as much of a resource as all need."""
    case = CASES["image-appears"]
    assert [type(it) for it in for_several(case, 3, "first", first=True).prepare] == [HideImage]
    second = for_several(case, 3, "second", first=False)
    assert (second.name, second.prepare) == ("image-appears-second", ())
    assert not any(isinstance(step, ShowImage) for _, step in second.meanwhile)
    slots = for_several(CASES["unschedulable"], 3, "second", first=False).ground[0]
    assert isinstance(slots, Patch)
    assert slots.patch == {"status": {"capacity": {"promokit.test/slots": "6"}}}
