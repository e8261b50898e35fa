"""What the README says that is made from the code: the table of the actions and the program's help.

`make docs` writes them between their marks; `test_docs.py` compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from promokit.cli.app import cli

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
ACTIONS = ("resolve-digest", "plan", "rollout", "migrate", "rollback", "notify", "tag-image")
"""In the order of their use. That these are all is tested."""


def made() -> dict[str, str]:
    """Return each made part of the README by the name in its mark."""
    return {"actions": actions_table(), "help": f"```text\n{program_help()}```\n"}


def actions_table() -> str:
    """Return the actions with their inputs (required ones bold) and outputs, as each action.yml has them."""
    rows = ["| action | does | inputs | outputs |", "|---|---|---|---|"]
    return "\n".join([*rows, *map(_row, ACTIONS)]) + "\n"


def program_help() -> str:
    """Return what `promokit --help` prints on a terminal of 80 columns."""
    return CliRunner().invoke(cli, ["--help"], prog_name="promokit", terminal_width=80).output


def definition(action: str) -> Mapping[str, Any]:
    """Return an action's definition."""
    loaded: Mapping[str, Any] = yaml.safe_load((ROOT / "actions" / action / "action.yml").read_text())
    return loaded


def part(text: str, name: str) -> str:
    """Return what stands between a part's marks in a text; LookupError where they are missing."""
    found = _marked(name).search(text)
    if found is None:
        raise LookupError(f"there are no marks for '{name}'")
    return found[2]


def with_parts(text: str, parts: Mapping[str, str]) -> str:
    """Return the text with each part between its marks."""
    for name, content in parts.items():
        text = _marked(name).sub(lambda match, content=content: match[1] + content + match[3], text)  # type: ignore[misc]
    return text


def _row(action: str) -> str:
    told = definition(action)
    does = str(told["description"]).partition(". ")[0].rstrip(".")
    inputs = [f"**{name}**" if it.get("required") else name for name, it in told["inputs"].items()]
    return f"| [{action}](actions/{action}/action.yml) | {does} | {', '.join(inputs)} | {', '.join(told['outputs'])} |"


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- made by make docs: {name} -->\n)(.*?)(<!-- end -->)", re.DOTALL)


if __name__ == "__main__":
    README.write_text(with_parts(README.read_text(), made()))
