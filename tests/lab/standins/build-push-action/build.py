"""Runs `buildx build` with the inputs of the action, and tells the digest."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LISTS = {"TAGS": "--tag", "LABELS": "--label", "ANNOTATIONS": "--annotation", "BUILD_ARGS": "--build-arg"}


def main() -> None:
    """Builds, pushes if asked to, and writes the output `digest`; ends with buildx's own exit code."""
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "metadata.json"
        done = subprocess.run(command(metadata), check=False)
        if done.returncode:
            sys.exit(done.returncode)
        digest = json.loads(metadata.read_text())["containerimage.digest"]
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as lines:
        lines.write(f"digest={digest}\n")


def command(metadata: Path) -> list[str]:
    """The command line: every non-empty input as the option it stands for."""
    words = ["buildx", "build", "--progress", "plain", "--metadata-file", str(metadata)]
    if os.environ["PLATFORMS"]:
        words += ["--platform", os.environ["PLATFORMS"]]
    if os.environ["PUSH"] == "true":
        words.append("--push")
    for name, option in LISTS.items():
        lines = filter(None, map(str.strip, os.environ[name].splitlines()))
        words += [word for line in lines for word in (option, line)]
    return [*words, os.environ["CONTEXT"]]


if __name__ == "__main__":
    main()
