"""GitHub's own description of its REST API, and answers checked against it.

The description comes by npm once (package-lock.json names and hashes it) and stays in the cache folder.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.lab.doubles.openapi.schema import validator
from tests.lab.packages import bring

_HERE = Path(__file__).parent
_REPOSITORY = "/repos/{owner}/{repo}"  # Every call that promokit makes is below it.
_FILE = "api.github.com.json"


def complaints(method: str, url: str, status: int, body: Any) -> list[str]:
    """What the description says against an answer; empty where it's as described."""
    path = urlsplit(url).path
    template = _template(method.lower(), path)
    if template is None:
        return [f"no such operation: {method} {path}"]
    check = _validator(template, method.lower(), str(status))
    return check(body) if check else [f"{method} {path} isn't described with status {status}"]


def _template(method: str, path: str) -> str | None:
    """The described path that this one is an instance of: the most literal where several fit."""
    paths = _description()["paths"]
    fitting = [one for one in paths if method in paths[one] and _pattern(one).fullmatch(path)]
    return max(fitting, key=lambda one: len(re.sub(r"{\w+}", "", one)), default=None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", _parameter, re.escape(template)))


def _parameter(match: re.Match[str]) -> str:
    if match[1] in {"ref", "branch", "basehead"}:  # Names of branches may have slashes.
        return ".+"
    return "[0-9]+" if match[1] in {"run_id", "attempt_number"} else "[^/]+"


@cache
def _validator(template: str, method: str, status: str) -> Callable[[Any], list[str]] | None:
    operation = _description()["paths"][template][method]
    content = _resolved(operation["responses"].get(status) or {}).get("content", {}).get("application/json")
    if not content and status < "4":
        return None
    # Refusals that hold for every operation (401, 403, 404) aren't described with each: they're basic errors.
    schema = content["schema"] if content else {"$ref": "#/components/schemas/basic-error"}
    return validator(schema, _description())


def _resolved(described: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in described:
        return described
    found: dict[str, Any] = _description()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    return found


@cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_fetched().read_text())
    ours = {path: told for path, told in found["paths"].items() if path.startswith(_REPOSITORY)}
    return {**found, "paths": ours}


def _fetched() -> Path:
    """The description's file, fetched where the cache hasn't got the locked version."""
    lock = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = home / "promokit-doubles" / lock / _FILE
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    npm = bring("npm", "npm")
    with tempfile.TemporaryDirectory(dir=kept.parent) as directory:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, directory)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", directory]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=directory)
        if done.returncode:
            raise RuntimeError(f"npm ci failed with {done.returncode}: {done.stderr[-2000:]}")
        found = Path(directory, "node_modules", "@octokit", "openapi", "generated", _FILE)
        found.replace(kept)  # In one step: two test runs at once do no harm.
