"""The actions' public contract: one composite step that runs the launcher, inputs through `env:`."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ACTIONS = Path(__file__).resolve().parents[2] / "actions"
COMMANDS = {
    "resolve-digest": "resolve",
    "plan": "plan",
    "rollout": "rollout",
    "migrate": "migrate",
    "rollback": "rollback",
    "notify": "notify",
    "tag-image": "tag",
}
EXTRA = {"GITHUB_TOKEN": "${{ github.token }}"}
"""What a step may get besides its inputs."""


def definition(name: str) -> dict[str, Any]:
    """The action's definition; YAML that doesn't parse fails here."""
    loaded: dict[str, Any] = yaml.safe_load((ACTIONS / name / "action.yml").read_text())
    return loaded


each = pytest.mark.parametrize("name", sorted(COMMANDS))


def test_these_are_all() -> None:
    """Every folder of an action is known here."""
    assert {path.parent.name for path in ACTIONS.glob("*/action.y*ml")} == set(COMMANDS)


@each
def test_one_step_becomes_the_program(name: str) -> None:
    """The one step is bash, and `exec`s the launcher beside the action, so that signals arrive."""
    runs = definition(name)["runs"]
    assert runs["using"] == "composite"
    (step,) = runs["steps"]
    assert step["shell"] == "bash"
    assert step["run"] == f'exec "$GITHUB_ACTION_PATH/../launch" {COMMANDS[name]}'
    assert set(step) == {"id", "shell", "env", "run"}


@each
def test_every_input_goes_through_env(name: str) -> None:
    """Each input is INPUT_ and its name in capitals; besides, the step gets at most the job's token."""
    told = definition(name)
    env = told["runs"]["steps"][0]["env"]
    expected = {f"INPUT_{it.upper().replace('-', '_')}": f"${{{{ inputs.{it} }}}}" for it in told["inputs"]}
    extra = {key: value for key, value in env.items() if key not in expected}
    assert {key: env.get(key) for key in expected} == expected
    assert extra.items() <= EXTRA.items()


@each
def test_inputs_are_the_commands_options(name: str) -> None:
    """Whatever the command can be told, the action can be told; it consents by itself."""
    command = importlib.import_module(f"promokit.cli.{COMMANDS[name]}").command
    options = {str(it.envvar) for it in command.params if it.envvar} - {"INPUT_YES"}
    env = definition(name)["runs"]["steps"][0]["env"]
    assert {it for it in env if it.startswith("INPUT_")} == options


@each
def test_every_output_is_the_steps(name: str) -> None:
    """Each output is what the program wrote under that name."""
    told = definition(name)
    step = told["runs"]["steps"][0]["id"]
    for output, meant in told["outputs"].items():
        assert meant["value"] == f"${{{{ steps.{step}.outputs.{output} }}}}"


@each
def test_everything_is_described(name: str) -> None:
    """The action, its inputs and outputs have a sentence each; an input is required or has a default."""
    told = definition(name)
    sentences = [
        told["description"],
        *(it["description"] for it in [*told["inputs"].values(), *told["outputs"].values()]),
    ]
    assert all(isinstance(it, str) and re.fullmatch(r"[^\n]{6,}[.…]", it) for it in sentences), sentences
    for meant in told["inputs"].values():
        assert meant.get("required", False) is not ("default" in meant)
        assert isinstance(meant.get("default", ""), str)


@each
def test_names_are_plain(name: str) -> None:
    """Inputs and outputs are small words with hyphens, as everywhere on GitHub."""
    told = definition(name)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", it) for it in [*told["inputs"], *told["outputs"]])


@each
def test_every_action_takes_the_configuration(name: str) -> None:
    """The file with the environments may lie elsewhere."""
    assert definition(name)["inputs"]["config"]["default"] == "promokit.yaml"
