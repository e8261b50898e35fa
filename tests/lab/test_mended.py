"""A ledger with rubbish in it, mended on the real API by the commands of DEPLOY.md; then the rollback is taken in."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from promokit.ledger.store import NAME, read_book
from tests.documentation import ROOT
from tests.lab.before_rollback import Stage, staged
from tests.lab.layout import BIN
from tests.lab.packages import bring
from tests.lab.state import Lab

pytestmark = pytest.mark.lab
SECTION = (ROOT / "DEPLOY.md").read_text().partition("### Rubbish in the ledger")[2].partition("\n## ")[0]
LOOK, TAKE_OUT, BEGIN_ANEW, _HOLDS = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture
def stage(lab: Lab, tmp_path: Path) -> Iterator[Stage]:
    del lab
    with staged(tmp_path, "mended") as found:
        yield found


def typed(stage: Stage, commands: str) -> subprocess.CompletedProcess[str]:
    """Run what stands in a block, by the shell that a person has."""
    there = commands.replace("credreg-prod", stage.place.namespace).replace(" --head HEAD-FROM-SLACK", "")
    script = f"""set -o pipefail
        promokit() {{ "$PYTHON" -c "$MAIN" "$@"; }}
        {there.replace("promokit adopt prod", "promokit adopt prod --yes")}"""
    python, _, main, *_ = stage.command()
    environ = {**stage.environ, "PYTHON": python, "MAIN": main}
    environ["PATH"] = f"{BIN}:{environ['PATH']}"
    bring("jq", "jq")
    return subprocess.run(
        ["bash", "-c", script],
        check=False,
        cwd=stage.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def edited(stage: Stage, lines: list[str]) -> None:
    data = {"lines": "\n".join(lines)}
    stage.place.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": data})


def test_rubbish_is_taken_out_and_the_rollback_is_taken_in(stage: Stage) -> None:
    """Look, take the line out, look again, then the command that the rollback told: the chain holds, with its hold."""
    stage.record("good", "better")
    there = stage.place.api.get(stage.place.path("configmap", NAME))["data"]["lines"].split("\n")
    edited(stage, [*there[:2], "rubbish", *there[2:]])
    stage.bring("crash")
    done = stage.rollback("--yes", "--reason", "it `crashes`")
    assert done.returncode == 0, done.stdout + done.stderr
    assert stage.has_come_to("better")
    looked = typed(stage, LOOK)
    assert "line 3 is not one of ours" in looked.stderr
    assert json.loads((stage.folder / "broken.json").read_text())["metadata"]["managedFields"]
    mended = typed(stage, TAKE_OUT.replace("line 7", "line 3"))
    assert (mended.returncode, "the chain of 4 lines holds" in mended.stdout) == (0, True), mended.stderr
    command = done.stdout.partition("takes them in:\n")[2]
    taken = typed(stage, command)
    assert (taken.returncode, "has taken in 3 lines" in taken.stdout) == (0, True), taken.stderr
    book = read_book(stage.namespace())
    assert book.broken() is None
    assert list(book.holds) == [stage.place.images["crash"].partition("@")[2]]
    assert "nothing to do" in typed(stage, command).stdout
    again = stage.rollback("--yes")
    assert (again.returncode, "already" in again.stderr) == (3, True), again.stderr


def test_a_ledger_is_begun_anew(stage: Stage) -> None:
    """Emptied and adopted: the new chain begins with what runs."""
    edited(stage, ["rubbish"])
    begun = typed(stage, BEGIN_ANEW)
    assert begun.returncode == 0, begun.stderr
    book = read_book(stage.namespace())
    assert [each["kind"] for each in book.lines] == ["adopt"]
    assert book.broken() is None
