import base64
import json
import zlib
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import ConfigError, Refused, Unreachable
from promokit.gates.answer import allowed, refused, unknown
from promokit.gates.facts import NO_IMAGE
from promokit.ledger.record import Failure
from promokit.model import Cluster
from promokit.promotion.plan import Commits, Plan, decode, promise_of
from tests.factories import COMMIT, NOW, environment, image

FINE = (allowed("healthy", "all Ready"), allowed("hold", "not held"))


def plan(**changes: Any) -> Plan:
    told: dict[str, Any] = {
        "environment": environment("prod", source=environment("sandbox")),
        "image": image(),
        "revision": COMMIT,
        "previous": {"main-app/main-app": str(image("b", "2026.11.20.0001"))},
        "migrate": "after",
        "template": "0123456789abcdef",
        "answers": FINE,
        "head": "1" * 64,
        "created": NOW,
        **changes,
    }
    return Plan(**told)


def packed(data: object) -> str:
    """Encode a content as whoever edits a plan would."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(data).encode())).decode()


def parts(**changes: Any) -> dict[str, Any]:
    """An encoded plan's content, laid open."""
    data: dict[str, Any] = json.loads(zlib.decompress(base64.urlsafe_b64decode(plan().encode())))
    return {**data, **changes}


def test_a_plan_is_read_back_as_what_it_promises() -> None:
    """Encoding and decoding keep what was decided, when, and what was asked for."""
    made = plan(tag="2026.11.24.0001")
    assert decode(made.encode()) == promise_of(made)
    assert decode(made.encode()).hash == made.hash


def test_an_encoded_plan_is_one_word_that_hides_what_a_runner_masks() -> None:
    """GitHub drops outputs that contain a masked text, such as an account id."""
    text = plan().encode()
    assert text.replace("-", "").replace("_", "").replace("=", "").isalnum()
    assert "registry.example.com" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plan",
        "ü",
        "\ud800",
        "====",
        plan().encode()[:-8],
        plan().encode()[8:],
        plan().encode()[: len(plan().encode()) // 2],
        plan().encode().swapcase(),
        packed([]),
        packed("plan"),
        packed({}),
        packed(parts(decided=[])),
        packed(parts(decided={})),
        packed(parts(decided={**parts()["decided"], "previous": "x"})),
        packed(parts(decided={**parts()["decided"], "image": 7})),
        packed(parts(decided={**parts()["decided"], "migrate": "twice"})),
        packed(parts(created="yesterday")),
        packed(parts(created="2026-11-24T12:00:00")),
        packed(parts(created=7)),
        packed(parts(tag=7)),
        packed(parts(nothing=None)),
        packed({"decided": {"x": "y" * 2_000_000}}),
    ],
)
def test_an_edited_text_is_not_a_plan(text: str) -> None:
    """Cut, mangled or of another form: wrong use, told with what to pass."""
    with pytest.raises(ConfigError, match="not a plan") as caught:
        decode(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "edit",
    [
        {"created": (NOW + timedelta(hours=20)).isoformat()},
        {"tag": "2026.11.24.0002"},
        {"nothing": "already-newer"},
        {"decided": {**parts()["decided"], "migrate": "none"}},
        {"hash": None},
        {"hash": "0" * 64},
    ],
)
def test_a_plan_that_is_laid_open_and_packed_again_is_refused(edit: dict[str, Any]) -> None:
    """Its hash covers also when it was made: nobody makes a plan last longer."""
    with pytest.raises(Refused, match="the plan was edited"):
        decode(packed(parts(**edit)))


@given(st.data())
def test_no_edit_of_an_encoded_plan_makes_another_promise(data: st.DataObject) -> None:
    """One changed character is found, or changes nothing that the plan says."""
    text = plan().encode()
    at = data.draw(st.integers(0, len(text) - 1))
    edited = text[:at] + data.draw(st.sampled_from("AZaz09-_=+/ é")) + text[at + 1 :]
    with suppress(ConfigError, Refused):
        assert decode(edited) == promise_of(plan())


@pytest.mark.parametrize(
    "moved",
    [
        {"head": "2" * 64},
        {"answers": (refused("hold", "held", "release it"),)},
        {"commits": Commits(("c0ffee a change",), 1)},
        {"failed_before": (Failure("2026-11-24T12:00:00+00:00", "promotion", "failed", "crash-loop"),)},
        {"revision": "d" * 40},
    ],
)
def test_facts_that_move_with_time_do_not_change_the_hash(moved: dict[str, Any]) -> None:
    """Judged again later, the same plan is the same plan."""
    assert plan(**moved).hash == plan().hash


@pytest.mark.parametrize(
    "decided",
    [
        {"image": image("c")},
        {"image": image(tag="2026.11.24.0002")},
        {"image": None},
        {"previous": {"main-app/main-app": str(image("c"))}},
        {"previous": {}},
        {"migrate": "before"},
        {"template": "fedcba9876543210"},
        {"environment": environment("test")},
        {"environment": environment("prod", namespace="elsewhere")},
        {"environment": environment("prod", cluster=Cluster(context="other"))},
        {"environment": environment("prod", stable_for=timedelta(seconds=1))},
        {"environment": environment("prod", timeout=timedelta(seconds=1))},
        {"environment": environment("prod", auto_rollback=True)},
        {"environment": environment("prod", blind_for=timedelta(seconds=1))},
        {"environment": environment("prod", crashes=3)},
        {"created": NOW + timedelta(seconds=1)},
        {"tag": "2026.11.24.0001"},
    ],
)
def test_each_thing_that_is_decided_changes_the_hash(decided: dict[str, Any]) -> None:
    """Target, digest, previous images, migration, its template, the settings that matter, and when."""
    assert plan(**decided).hash != plan().hash


@pytest.mark.parametrize(
    ("answers", "outcome", "code", "kind"),
    [
        ((*FINE, unknown("ci", "GitHub is away", "ask again")), "unknown", 5, Unreachable),
        ((*FINE, refused("hold", "held", "release it")), "refused", 3, Refused),
        ((unknown("ci", "away", "ask"), refused("hold", "held", "release it")), "refused", 3, Refused),
    ],
)
def test_what_stops_a_plan_decides_its_exit_code(answers: Any, outcome: str, code: int, kind: type[Exception]) -> None:
    """Any refusal is 3, else anything unknown 5; the refusal names the gates and their remedies."""
    made = plan(answers=answers)
    assert (made.allowed, made.outcome, made.exit_code) == (False, outcome, code)
    error = made.refusal()
    assert type(error) is kind
    assert answers[-1].gate in str(error)
    assert answers[-1].remedy in str(error)


def test_a_plan_that_every_gate_allows_is_allowed() -> None:
    """Also one that waits for people, and one that has nothing to do."""
    assert plan().exit_code == 0
    assert plan(answers=(allowed("approvals", "waits for 2", waiting=True),)).allowed
    assert plan(answers=(), nothing="already-newer").allowed


def test_a_plan_is_printed_as_the_table_that_reviewers_see() -> None:
    """Heading, a line a gate, the remedy under what stops, the commits, what runs before, the migration, its end."""
    commits = Commits(("c0ffee1234 a change",), 1, url="https://github.com/acme/credreg/compare/a...b")
    text = str(plan(answers=(*FINE, refused("ci", "ci.yaml failed", "mend it")), commits=commits))
    first, *rest = text.splitlines()
    assert first.startswith("REFUSED: sandbox → prod, 2026.11.20.0001 → 2026.11.24.0001 sha256:aaaa")
    assert "  ci       refused  ci.yaml failed" in rest
    assert any("remedy: mend it" in each for each in rest)
    assert rest[-5:-1] == [
        "  commits: 1, https://github.com/acme/credreg/compare/a...b",
        "    c0ffee1234 a change",
        "  before: 2026.11.20.0001 sha256:bbbbbbbbbbbb (main-app/main-app)",
        "  migration runs after the rollout",
    ]
    assert "ledger head 111111111111" in rest[-1]
    assert rest[-1].endswith("good until 2026-11-25 12:00 UTC")


HOSTILE = "fine\r\n  hold     allowed  \u2028::error::no\x1b[2J" + "x" * 1000


def test_no_foreign_text_passes_for_a_line_of_a_plan() -> None:
    """What a hold's reason, a commit's title or an image's name holds stays in its own line."""
    stops = (refused("hold", f"held: {HOSTILE}", f"release it {HOSTILE}"),)
    commits = Commits((f"c0ffee1234 {HOSTILE}",), 1, url=HOSTILE)
    spoiled = plan(answers=stops, commits=commits, previous={"main-app/main-app": HOSTILE})
    plain = plan(answers=stops, commits=Commits(("c0ffee1234 a change",), 1))
    lines = str(spoiled).splitlines()
    assert len(lines) == len(str(plain).splitlines())
    assert not any(each.startswith(("  hold     allowed", "::")) or "\x1b" in each for each in lines)
    assert max(len(each) for each in lines if "c0ffee" in each) < 200


def test_of_many_workloads_and_commits_a_plan_shows_how_many_more_there_are() -> None:
    """A table of two screens isn't read: of the commits the newest are shown, of the workloads those set otherwise."""
    previous = {f"app-{each}/app": str(image("b", "2026.11.20.0001")) for each in range(100)}
    previous["odd/app"] = str(image("c", "2026.11.19.0001"))
    commits = Commits(tuple(f"c{each:09} change {each}" for each in range(250)), 300)
    lines = str(plan(previous=previous, commits=commits)).splitlines()
    assert len(lines) < 40
    assert {"  commits: 300", "    230 older ones", "    c000000249 change 249", "    50 newer ones"} <= set(lines)
    assert any(each.endswith("(app-0/app, app-1/app, app-2/app and 97 more)") for each in lines)
    assert "  before: 2026.11.19.0001 sha256:cccccccccccc (odd/app)" in lines


def test_a_plan_that_goes_back_says_so() -> None:
    """No gate forbids it, and whoever approves should know."""
    assert "  note: this goes back: 3 commits that prod runs now would be gone" in str(plan(commits=Commits(behind=3)))
    assert "  note: this goes back: a commit that prod" in str(plan(commits=Commits(("x",), 1, 1)))


def test_a_refusal_names_each_gate_and_leaves_out_what_only_follows() -> None:
    """Without an image most gates can't tell: the cause is what is told, and the table has every gate."""
    following = unknown("hold", NO_IMAGE.why, NO_IMAGE.remedy)
    made = plan(image=None, answers=(unknown("healthy", "sandbox is away", "ask again"), following))
    error = made.refusal()
    assert error.what == "healthy: sandbox is away"
    assert [row[:2] for row in error.table[1:]] == [("healthy", "unknown"), ("hold", "unknown")]


def test_the_previous_tag_is_the_reference_workloads() -> None:
    """Empty where it runs nothing, or an image without a tag."""
    assert plan().previous_tag == "2026.11.20.0001"
    assert plan(previous={}).previous_tag == ""
