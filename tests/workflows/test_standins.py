"""The stand-ins for other people's actions: each takes what the workflows give it."""

from __future__ import annotations

import yaml
from tests.lab.act_command import pinned, standin
from tests.workflows.test_structure import NAMES, WORKFLOWS, steps


def test_every_action_has_a_standin() -> None:
    """act never has to ask GitHub for an action."""
    assert all(standin(used).is_dir() for used in pinned(WORKFLOWS))


def test_standins_take_what_the_workflows_give() -> None:
    """No input that a workflow gives is dropped by the stand-in."""
    for name in NAMES:
        for _, step in steps(name):
            used = step.get("uses", "./")
            if used.startswith(("./", "actions/checkout@")):
                continue
            taken = yaml.safe_load((standin(used) / "action.yml").read_text()).get("inputs", {})
            assert set(step.get("with", {})) <= set(taken), used
