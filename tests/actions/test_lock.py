"""The actions' lock: uv.lock's own versions, each with its hash, and no word of where to fetch them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_is_what_uv_lock_says(uv: Path) -> None:
    """The actions install exactly what the tests ran with."""
    path = f"{uv.parent}:/usr/bin:/bin"
    done = subprocess.run(
        [ROOT / "tools/lock", "--check"],
        env={"PATH": path, "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_package_has_a_hash_and_no_address() -> None:
    """Each requirement is a version and its sha256 hashes; nothing in the file names an index."""
    text = (ROOT / "actions/requirements.txt").read_text()
    entries = re.sub(r" \\\n", "", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    assert entries
    hashes = r"( {4}--hash=sha256:[0-9a-f]{64})+"
    wrong = [it for it in entries if not re.fullmatch(rf"[a-z0-9.-]+==[\w.]+( ; [^:/]+?)?{hashes}", it)]
    assert wrong == []
