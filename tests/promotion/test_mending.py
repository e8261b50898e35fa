"""A ledger with rubbish in it, mended as DEPLOY.md says: by the commands that stand there."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from promokit.errors import VerificationFailed
from promokit.image import Digest
from promokit.ledger.allowed_store import NAME as ALLOWED
from promokit.ledger.store import NAME
from promokit.ledger.unwritten import told_text
from promokit.promotion.adopting import adopt
from promokit.promotion.record import history, hold
from promokit.promotion.rollback import rollback
from promokit.promotion.taking_in import take_in
from tests.documentation import ROOT
from tests.lab.packages import bring
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

pytestmark = pytest.mark.program
SECTION = (ROOT / "DEPLOY.md").read_text().partition("### Rubbish in the ledger")[2].partition("\n## ")[0]
WITHOUT_A_LINE, EMPTIED, HOLDS = re.findall(r"\bjq [^']*'([^']+)'", SECTION)


@pytest.fixture
def held(scene: Scene) -> Scene:
    """FIRST and SECOND succeeded, SECOND runs, and THIRD is held: five lines."""
    scene.applied(FIRST)
    scene.applied(SECOND)
    digest = Digest(str(scene.images[THIRD].digest))
    hold(scene.environment, digest, reason="it loses money", clients=scene.clients)
    return scene


def jq(scene: Scene, program: str, *words: str) -> str:
    """Run it on the ledger's object, as `kubectl get` gives it."""
    given = json.dumps(scene.api.get("configmaps", NAME))
    command = [bring("jq", "jq"), "-r", *words, program]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


def replaced(scene: Scene, program: str, *words: str) -> None:
    """Write it as `kubectl replace` does, by the version that was read."""
    scene.api.namespace().replace("configmaps", NAME, json.loads(jq(scene, program, *words)))


def edited(scene: Scene, number: int, *, over: bool) -> None:
    """Write rubbish before the line of that number, or over it."""
    data: dict[str, Any] = scene.api.get("configmaps", NAME)
    lines = data["data"]["lines"].split("\n")
    lines[number - 1 : number if over else number - 1] = ["rubbish"]
    scene.api.put("configmaps", NAME, {**data, "data": {**data["data"], "lines": "\n".join(lines)}})
    with pytest.raises(VerificationFailed, match=f"line {number} is not one of ours"):
        history(scene.environment, clients=scene.clients)


def test_rubbish_that_was_put_between_is_taken_out(held: Scene) -> None:
    """Nothing is lost: the chain holds up to the head that was published."""
    before = held.book()
    edited(held, 3, over=False)
    replaced(held, WITHOUT_A_LINE, "--argjson", "line", "3")
    assert held.book().lines == before.lines
    assert held.book().broken(before.head) is None
    assert held.applied(FIRST).changed


def test_rubbish_over_a_line_leaves_a_gap_that_is_told(held: Scene) -> None:
    """Verifying names the place; what the line had told of what runs is adopted, and promotions go on."""
    edited(held, 3, over=True)
    replaced(held, WITHOUT_A_LINE, "--argjson", "line", "3")
    broken = held.book().broken()
    assert broken is not None
    assert (broken.line, broken.what) == (3, "the line before it was removed or moved")
    assert set(held.book().holds) == {str(held.images[THIRD].digest)}
    assert [each.gate for each in held.planned(FIRST).answers if each.word == "refused"] == ["drift"]
    adopt(held.environment, reason="its line was lost", clients=held.clients)
    assert held.applied(FIRST).changed


def test_a_ledger_that_is_begun_anew_has_what_runs_the_holds_and_the_rollback(held: Scene) -> None:
    """Adopted, set again, taken in: the new chain holds, and promotions go on."""
    edited(held, 1, over=True)
    done = rollback(held.environment, clients=held.clients)
    assert held.running() == {"main-app": FIRST, "worker-app": FIRST}
    holds = [each.split("\t") for each in jq(held, HOLDS).splitlines()]
    assert [each[1:] for each in holds] == [["hold", str(held.images[THIRD].digest), "it loses money"]]
    replaced(held, EMPTIED)
    assert held.book().lines == ()
    adopt(held.environment, reason="the ledger was begun anew", clients=held.clients)
    assert list(held.api.get("configmaps", ALLOWED)["data"].values()) == [FIRST]
    for _, _, digest, reason in holds:
        hold(held.environment, Digest(digest), reason=reason, clients=held.clients)
    text = "\n".join(map(told_text, done.unwritten))
    assert take_in(held.environment, text, clients=held.clients).changed
    assert held.book().broken() is None
    assert set(held.book().holds) == {str(held.images[each].digest) for each in (SECOND, THIRD)}
    assert held.planned(SECOND).exit_code == 3
    fourth = str(held.registry.add("4" * 40).tag)
    assert held.applied(fourth).changed
