"""What the lab relies on in act: tried with small workflows, without a lab."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.lab.act import ActRun, Dispatch, Lab, run, started

pytestmark = pytest.mark.program

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
CREDENTIALS = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"

INNER = f"""
name: inner-workflow
on:
  workflow_dispatch:
    inputs: {{tag: {{type: string}}}}
  workflow_call:
    inputs: {{tag: {{type: string, required: true}}}}
    secrets: {{SLACK_BOT_TOKEN: {{required: true}}}}
permissions: {{}}
jobs:
  deploy:
    name: Deploy
    runs-on: ubuntu-latest
    environment: test
    concurrency: {{group: one, cancel-in-progress: false}}
    outputs: {{told: "${{{{ steps.told.outputs.told }}}}"}}
    steps:
      - uses: {CHECKOUT}
      - id: told
        uses: ./actions/told
        with: {{text: "${{{{ inputs.tag }}}}"}}
      - run: '[ -z "$SECONDS_TO_WAIT" ] || {{ echo waiting; exec sleep "$SECONDS_TO_WAIT"; }}'
      - run: exit "${{EXIT:-0}}"
  report:
    name: Report
    needs: deploy
    if: always()
    runs-on: ubuntu-latest
    steps:
      - env: {{WORDS: "${{{{ needs.deploy.outputs.told }}}} ${{{{ needs.deploy.result }}}}"}}
        run: echo "report $WORDS"
"""
OUTER = """
name: outer
on: push
permissions: {}
jobs:
  build:
    name: Build
    runs-on: ubuntu-latest
    outputs: {tag: one}
    steps:
      - run: echo "run $GITHUB_RUN_ID number ${{ github.run_number }} by $GITHUB_ACTOR at $GITHUB_SHA home $HOME"
  test:
    name: TEST
    needs: build
    uses: ./.github/workflows/inner.yaml
    with: {tag: "${{ needs.build.outputs.tag }}"}
    secrets: {SLACK_BOT_TOKEN: "${{ secrets.SLACK_BOT_TOKEN }}"}
"""
ACTION = """
name: told
description: Tells what it is given.
inputs: {text: {description: What., required: true}}
outputs: {told: {description: That., value: "${{ steps.it.outputs.told }}"}}
runs:
  using: composite
  steps:
    - id: it
      shell: bash
      env: {INPUT_TEXT: "${{ inputs.text }}"}
      run: |
        echo "told=$INPUT_TEXT" >>"$GITHUB_OUTPUT"
        echo "### $INPUT_TEXT" >>"$GITHUB_STEP_SUMMARY"
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A lab that is only its repository, with the workflows above."""
    tree = tmp_path / "tree"
    for name, text in {
        ".github/workflows/inner.yaml": INNER,
        ".github/workflows/outer.yaml": OUTER,
        "actions/told/action.yml": ACTION,
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    git = ["git", "-C", str(tree), "-c", "user.name=Alice", "-c", "user.email=alice@promokit.test"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch", "master"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "Begin"], check=True)
    return Lab(origin=tree, github=None)


def test_a_called_workflow(lab: Lab) -> None:
    """A called workflow's jobs, outputs and summaries are told under the caller's name, each once."""
    done = run(Dispatch(workflow="outer.yaml", event="push", run_id=77, run_number=12, actor="bob"), lab)
    assert done.exit_code == 0, done.log
    assert {name: job.result for name, job in done.jobs.items()} == {
        "Build": "success",
        "TEST/Deploy": "success",
        "TEST/Report": "success",
    }
    assert done.summaries == {"TEST/Deploy": "### one\n"}
    assert done.jobs["TEST/Deploy"].outputs["told"] == {"told": "one"}
    sha = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=lab.origin, text=True).strip()
    assert f"[Build] run 77 number 12 by bob at {sha} home /tmp/promokit-act-" in done.log
    assert "[TEST/Report] report one success" in done.log


def test_a_failure_is_reported_by_a_later_job(lab: Lab) -> None:
    """A failing step's exit code is kept, and a job with always() runs after it with the outputs there are."""
    done = run(Dispatch(workflow="inner.yaml", inputs={"tag": "two"}, variables={"EXIT": "3"}), lab)
    assert (done.exit_code, done.jobs["Deploy"].exit_codes) == (1, [3])
    assert done.jobs["Deploy"].result == "failure"
    assert "[Report] report two failure" in done.log


def test_interrupting_a_step_lets_the_report_run(lab: Lab) -> None:
    """A signal to the step, as GitHub's runner sends it, ends that job; the report's job runs after it."""
    done = interrupted(lab, "interrupt")
    assert done.jobs["Deploy"].result == "failure"
    assert "[Report] report two failure" in done.log


def test_cancelling_in_acts_way_runs_no_later_job(lab: Lab) -> None:
    """After SIGINT to act no step of a later job runs, so a cancellation's message can't be shown that way."""
    done = interrupted(lab, "cancel")
    assert done.exit_code != 0
    assert "report two" not in done.log


def interrupted(lab: Lab, how: str) -> ActRun:
    """A run that is stopped while it waits."""
    dispatch = Dispatch(workflow="inner.yaml", inputs={"tag": "two"}, variables={"SECONDS_TO_WAIT": "60"})

    def stop(job: str, line: str) -> None:
        if (job, line) == ("Deploy", "waiting"):
            getattr(running, how)()

    with started(dispatch, lab, stop) as running:
        return running.wait()


def test_an_action_that_nothing_stands_for(lab: Lab) -> None:
    """act is not started if it would have to ask GitHub for an action."""
    workflow = lab.origin / ".github/workflows/inner.yaml"
    workflow.write_text(workflow.read_text().replace(CHECKOUT, CREDENTIALS.replace("configure-aws", "other")))
    git = ["git", "-C", str(lab.origin), "-c", "user.name=Alice", "-c", "user.email=alice@promokit.test"]
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "Use another"], check=True)
    with pytest.raises(LookupError, match="Nothing stands for aws-actions/other-credentials@"):
        run(Dispatch(workflow="inner.yaml"), lab)


def test_nothing_of_the_users_is_touched(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """act's caches and settings are in the run's own folder; the user's home stays as it was."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".actrc").write_text("--no-such-option\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GITHUB_TOKEN", "the user's own")
    done = run(Dispatch(workflow="inner.yaml", inputs={"tag": "two"}), lab)
    assert done.exit_code == 0, done.log
    assert [path.name for path in home.iterdir()] == [".actrc"]
