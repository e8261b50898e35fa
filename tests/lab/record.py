"""`python -m tests.lab.record [CASE…]`: records cases of rollouts on the running lab into tests/timelines."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.lab import actors, lifecycle, stage
from tests.lab.cases import CASES
from tests.lab.cases.case import Case
from tests.lab.layout import CHECKOUT
from tests.lab.recorder import Recording

TIMELINES = CHECKOUT / "tests" / "timelines"
AT_ONCE = 3
"""More would make the times those of a loaded machine."""
_SETTLED = 0.5


def record(case: Case, images: dict[str, str], folder: Path = TIMELINES) -> Path:
    """Record a case on the lab; where it was written."""
    with stage.staged(case, images) as place, Recording(place.cluster, place.namespace).running() as recording:
        time.sleep(_SETTLED)
        recording.zero = time.monotonic()
        stage.change(case, place)
        stage.carry_on(case, place, recording.zero)
    file = folder / f"{case.name}.jsonl"
    file.write_text("".join(f"{line}\n" for line in recording.lines()))
    return file


def main() -> int:
    """Record the cases that the command line names, or all; 1 where one couldn't be recorded, 2 without a lab."""
    cases = _asked()
    if not lifecycle.is_up():
        print("record: the lab isn't running: python -m tests.lab up", file=sys.stderr)
        return 2
    images = actors.publish()
    together = [case for case in cases if not case.alone]
    failed = _record_all(together, images, AT_ONCE)
    failed += _record_all([case for case in cases if case.alone], images, 1)
    return 1 if failed else 0


def _asked() -> list[Case]:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.record", description=__doc__)
    parser.add_argument("case", nargs="*", choices=[[], *CASES], help="all where none is named")
    return [CASES[name] for name in parser.parse_args().case or CASES]


def _record_all(cases: list[Case], images: dict[str, str], at_once: int) -> int:
    failed = 0
    with ThreadPoolExecutor(at_once) as pool:
        running = {pool.submit(record, case, images): case for case in cases}
        for done in as_completed(running):
            name = running[done].name
            if error := done.exception():
                failed += 1
                print(f"{name}: not recorded: {error!r}", file=sys.stderr, flush=True)
            else:
                print(f"{name}: {done.result().stat().st_size / 1000:.0f} kB", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
