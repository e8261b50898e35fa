"""The pages are true of the code where that can be compared: tables, links, targets, commands, roles, permissions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

import promokit
from promokit.cli.app import COMMANDS, cli
from promokit.errors import PromokitError
from promokit.gates.judging import GATES
from promokit.rollout.reasons import REMEDIES
from tests import documentation
from tests.documentation import ROOT

IGNORED = {".venv", ".tools", "node_modules"}
PAGES = sorted(path for path in ROOT.rglob("*.md") if not IGNORED & {*path.relative_to(ROOT).parts})
DEPLOY = (ROOT / "DEPLOY.md").read_text()
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")

each = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize("name", ["actions", "help"])
def test_made_parts(name: str) -> None:
    """The README's table of the actions and its copy of the help are what the code gives; `make docs` writes them."""
    assert documentation.part(documentation.README.read_text(), name) == documentation.made()[name]


def test_every_action_is_in_the_table() -> None:
    """Each folder with an action has its row."""
    assert {path.parent.name for path in (ROOT / "actions").glob("*/action.yml")} == {*documentation.ACTIONS}


def test_making_the_parts_keeps_the_rest() -> None:
    """Writing a part replaces what is between its marks, backslashes and all, and nothing else."""
    text = "a\n<!-- made by make docs: help -->\nold\n<!-- end -->\nb\n"
    assert documentation.with_parts(text, {"help": "\\1 new\n"}) == text.replace("old", "\\1 new")


def test_library_snippet() -> None:
    """The README shows the lines that the package's docstring shows."""
    shown = [line.strip() for line in (promokit.__doc__ or "").splitlines() if line.startswith("    ")]
    readme = [line.strip() for line in documentation.README.read_text().splitlines()]
    assert shown
    assert set(shown) <= set(readme)


@each
def test_links(page: Path) -> None:
    """Every relative link leads to a file, and to a heading of it where one is named."""
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        found = (page.parent / path) if path else page
        assert found.exists(), target
        assert not heading or heading in _anchors(found.read_text()), target


@each
def test_make_targets(page: Path) -> None:
    """Every `make TARGET` that a page names is a target."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word
        for line in _commands(page.read_text())
        for told in re.findall(r"^(?:sudo )?make((?: [a-z-]+)+)", line)
        for word in told.split()
    }
    assert named <= targets


@each
def test_promokit_commands(page: Path) -> None:
    """Every `promokit …` line names a command that exists, with options that it has."""
    for line in _commands(page.read_text()):
        if not (found := re.match(r"(?:\.venv/bin/)?promokit ([a-z]+)(.*)", line)):
            continue
        command = cli.get_command(click.Context(cli), found[1])
        assert command is not None, line
        options = {option for it in command.params for option in it.opts}
        assert set(re.findall(r"(?<= )--?[a-z][a-z-]*", found[2])) <= options, line


def test_every_command_and_action_is_in_the_changelog() -> None:
    """Until the first release, what there is stands under Unreleased."""
    text = (ROOT / "CHANGELOG.md").read_text()
    assert not [name for name in (*COMMANDS, *documentation.ACTIONS) if f"`{name}`" not in text]


def test_every_gate_is_explained() -> None:
    """DEPLOY.md has a row for each gate, and none for a gate that isn't there."""
    table = DEPLOY.partition("### The gates")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z]+) \|", table, re.MULTILINE)
    assert rows[0] == "gate"
    assert rows[1:] == [gate.NAME for gate in GATES]


def test_settings_name_all_that_the_workflows_use() -> None:
    """Each role, environment, concurrency group, secret and Kubernetes group has its place in DEPLOY.md."""
    texts = [path.read_text() for path in (ROOT / ".github/workflows").glob("*.yaml")]
    texts.append((ROOT / "examples/feature-branch.yaml").read_text())
    roles = {it for text in texts for it in re.findall(r":role/(promokit-[a-z-]*[a-z])\b", text)}
    secrets = {it for text in texts for it in re.findall(r"secrets\.(\w+)", text)}
    groups = {
        subject["name"]
        for path in ROOT.glob("k8s-manifests-*/rbac.yaml")
        for document in yaml.safe_load_all(path.read_text())
        for subject in document.get("subjects", ())
    }
    environments = {it for text in texts for it in re.findall(r"^ +environment: ([a-z-]+)$", text, re.MULTILINE)}
    assert roles >= {"promokit-build", "promokit-prod"}
    assert not {it for it in roles | secrets | groups | environments if not re.search(rf"\b{it}\b", DEPLOY)}
    header = next(line for line in DEPLOY.splitlines() if line.startswith("| | test |"))
    assert {"test", "sandbox", "prod-approval", "prod"} == {it.strip() for it in header.split("|") if it.strip()}


def test_policies_are_json_of_actions_that_exist() -> None:
    """Each policy parses, and every action in it is an operation of that AWS service."""
    from botocore.session import Session

    statements = [it for policy in _blocks(DEPLOY, "json") for it in json.loads(policy)["Statement"]]
    named = {it for statement in statements for it in _listed(statement["Action"])}
    session = Session()
    for action in sorted(named):
        service, _, operation = action.partition(":")
        assert operation in session.get_service_model(service).operation_names, action


def test_policies_grant_what_promokit_asks() -> None:
    """Every call of the ECR adapter, and EKS's DescribeCluster, is granted to who deploys; PutImage only to a build."""
    source = (ROOT / "src/promokit/registry/ecr.py").read_text()
    calls = {it.title().replace("_", "") for it in re.findall(r'_call\(\s*(?:repository,\s*)?"([a-z_]+)"', source)}
    policies = [json.loads(it)["Statement"] for it in _blocks(DEPLOY, "json")]
    granted = [{it for statement in policy for it in _listed(statement["Action"])} for policy in policies]
    deploy = next(it for it in granted if "eks:DescribeCluster" in it)
    build = next(it for it in granted if "ecr:PutImage" in it)
    assert "PutImage" in calls
    assert {f"ecr:{it}" for it in calls - {"PutImage"}} <= deploy
    assert "ecr:PutImage" not in deploy
    assert not [it for it in build if not it.startswith("ecr:")]


def _blocks(text: str, language: str) -> list[str]:
    return [found[3] for found in FENCED.finditer(text) if found[2] == language]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _commands(text: str) -> Iterator[str]:
    """The lines of shell blocks, continued ones joined, and what stands in inline code."""
    for language in ("sh", "console"):
        for block in _blocks(text, language):
            yield from (line.strip() for line in block.replace("\\\n", " ").splitlines())
    yield from INLINE.findall(FENCED.sub("", text))


def _prose(text: str) -> str:
    return INLINE.sub("", FENCED.sub("", text))


def _anchors(text: str) -> set[str]:
    """The names that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_word_of_an_error_is_in_the_readme() -> None:
    """Programs go by a closed list. The root's own word is none of it: what is raised is of a kind."""
    told = re.search(r"of another error (.+?) or `bug`", (ROOT / "README.md").read_text())
    assert told is not None
    raised = {word for word in (each.word for each in _kinds(PromokitError)) if word != PromokitError.word}
    assert raised <= set(re.findall(r"`([a-z-]+)`", told[1])), "README's list of reasons lacks a kind's word"
    text = "\n".join(each.read_text() for each in sorted((ROOT / "src").rglob("*.py")))
    assert not re.findall(r"(?:raise|return|or) PromokitError\(", text)


def _kinds(kind: type[PromokitError]) -> Iterator[type[PromokitError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def test_every_reason_of_a_verdict_is_in_its_page() -> None:
    """Who reads a reason word finds when it falls and what it rests on."""
    text = (ROOT / "docs/verdicts.md").read_text()
    plain = {"waiting", "complete", "stabilizing", "timeout", "no-pods"}
    jobs = {"running", "suspended", "job-failed", "deadline-exceeded", "deleted"}
    assert not [each for each in REMEDIES if each not in plain | jobs and f"`{each}`" not in text]
