"""`make demo`: the whole model, for real: a release to TEST, SANDBOX and PROD, a second one, a rollback."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

from attrs import define, field

from tests.lab import lifecycle
from tests.lab.act import ActRun
from tests.lab.errors import LabError
from tests.lab.scenario import Story, running, schema

SECOND_MIGRATION = {
    "examples/credreg/migrations/0002_add_a_note.sql": "ALTER TABLE registrations ADD COLUMN note text;\n"
}
# Act's words about itself, and the summary's Markdown, which says again what the steps printed.
_OF_ACT = ("⭐", "✅", "🏁", "☁", "🚀", "⚙", "❓", "  ", "|", "###", "LocalRepositoryCache", "Cleaning up")
TWO_APPROVALS = {"prod-approval": "bob", "prod": "carol"}
ENVIRONMENTS = ("test", "sandbox", "prod")


@define
class Demo:
    """Runs the steps, tells how each goes, and keeps the time that each took."""

    story: Story
    times: list[tuple[str, float]] = field(factory=list)

    def step(self, title: str, do: Callable[[], ActRun]) -> None:
        """Run one workflow; LabError with its log's end if it fails."""
        print(f"\n▶ {title}", flush=True)
        began = time.monotonic()
        done = do()
        self.times.append((title, time.monotonic() - began))
        if done.exit_code != 0:
            tail = "\n".join(done.log.splitlines()[-40:])
            raise LabError(f"{title}: the workflow failed.\n{tail}\n", "read its log above.")
        print(f"✔ {title} ({self.times[-1][1]:.0f} s)", flush=True)

    def table(self) -> str:
        """Return what runs where, and the time each step took."""
        lines = ["", f"{'environment':<12} {'main-app runs':<34} {'digest':<22} schema"]
        for name in ENVIRONMENTS:
            found = running(name)
            tag = found.spec["main-app"].partition("@")[0].rpartition(":")[2]
            proof = {each.rpartition("@")[2][:19] for each in found.image_ids["main-app"]}
            lines.append(f"{name:<12} {tag:<34} {', '.join(proof):<22} {', '.join(schema(name))}")
        lines += ["", *(f"{seconds:6.1f} s  {title}" for title, seconds in self.times)]
        lines.append(f"{sum(seconds for _, seconds in self.times):6.1f} s  in all, without starting the lab")
        return "\n".join(lines)


def main() -> int:
    """Start the lab, run the story, show the table, end the lab. 0, or 1 with what failed and a remedy."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: the lab is ended, not left
    try:
        lifecycle.up()
        try:
            demo = Demo(Story(progress=_show))
            tell_story(demo)
            print(demo.table(), flush=True)
        finally:
            lifecycle.down()
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped; the lab is down", file=sys.stderr)
        return 130
    return 0


def tell_story(demo: Demo) -> None:
    """Run the seven workflows of the story, in order."""
    story = demo.story
    first = story.merge("Release one", {})
    demo.step("build the first merge, deploy it to TEST", lambda: story.build(first))
    _promote(demo, "first")
    second = story.merge("Release two: a note for each registration", SECOND_MIGRATION)
    demo.step("build the second merge, deploy it to TEST", lambda: story.build(second))
    _promote(demo, "second")
    demo.step("roll PROD back", lambda: story.start("rollback.yaml", inputs={"environment": "prod"}, actor="dora"))


def _promote(demo: Demo, which: str) -> None:
    story = demo.story
    demo.step(f"promote the {which} to SANDBOX", lambda: story.start("promote-sandbox.yaml"))
    demo.step(
        f"promote the {which} to PROD, approved by bob and carol",
        lambda: story.start("promote-prod.yaml", approvals=TWO_APPROVALS),
    )


def _show(job: str, line: str) -> None:
    """Show what the steps print; act's own words about itself are left out."""
    if job and line.strip() and not line.startswith(_OF_ACT) and "&#" not in line:
        print(f"  {job:<28.28} {line[:160]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
