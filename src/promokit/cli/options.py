"""Options that commands share. In an action each is read from the INPUT_… variable of the same name."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from promokit.cli.ending import Ending, end
from promokit.config import load
from promokit.errors import ConfigError
from promokit.github.escape import plain
from promokit.model import Cluster, Environment, Pipeline, Workload, is_label

Function = TypeVar("Function", bound=Callable[..., Any])


def option(name: str, **settings: Any) -> Callable[[Function], Function]:
    """Return a click option that an action's input of the same name sets too."""
    return click.option(f"--{name}", envvar="INPUT_" + name.upper().replace("-", "_"), **settings)


environment_argument = click.argument("environment", required=False, envvar="INPUT_ENVIRONMENT")
config_option = option("config", default="promokit.yaml", show_default=True, help="The pipeline's file.")
yes_option = option("yes", is_flag=True, help="Don't ask; needed where there is no terminal.")
debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


def ends(function: Callable[..., Ending]) -> Callable[..., int]:
    """Give a command -o and --debug, and end it with what the function returns."""

    @click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
    @debug_option
    @functools.wraps(function)
    def wrapped(output: str, **arguments: Any) -> int:
        return end(function(**arguments), output, os.environ)

    return wrapped


def plain_target(function: Function) -> Function:
    """Add the plain inputs for repositories without promokit.yaml. Used so, a primitive has no gates."""
    for name, text in (
        ("namespace", "Without promokit.yaml: the namespace. No gates are asked then."),
        ("workloads", "Without promokit.yaml: deployment/container; more with spaces or commas between."),
        ("cluster", "Without promokit.yaml: the EKS cluster's name, or context:NAME of a kubeconfig."),
        ("region", "Without promokit.yaml: the EKS cluster's region."),
    ):
        function = option(name, help=text)(function)
    return function


def pipeline_environment(config: str, name: str | None) -> Environment:
    """Return an environment of the file; ConfigError where no name was given."""
    pipeline = load(config)
    return pipeline[_needed(name, pipeline)]


def target_environment(
    config: str, name: str | None, namespace: str | None, workloads: str | None, cluster: str | None, region: str | None
) -> Environment:
    """Return the environment that plain inputs describe, or the file's."""
    if not namespace:
        return pipeline_environment(config, name)
    if not is_label(namespace):
        raise ConfigError(f"'{namespace}' is no namespace", remedy="lower case, digits and dashes make one")
    if not workloads:
        raise ConfigError("plain inputs need workloads", remedy="add --workloads deployment/container")
    parsed = tuple(Workload.parse(each) for each in workloads.replace(",", " ").split())
    kind, colon, context = (cluster or "").partition(":")
    where = Cluster(context=context) if colon and kind == "context" else Cluster(eks=cluster or None, region=region)
    return Environment(name=name or namespace, namespace=namespace, workloads=parsed, cluster=where)


def without(reason: str, /, **given: object) -> None:
    """Refuse options that would be ignored: ConfigError names the first that was given, and why it can't be."""
    for name, value in given.items():
        if value:
            option_name = name.replace("_", "-")
            raise ConfigError(f"--{option_name} can't be given {reason}", remedy="leave one of them out")


def confirm(text: str, yes: bool) -> None:
    """Show what would be done and ask on a terminal; elsewhere --yes (or a GitHub run) is the consent."""
    if yes or os.environ.get("GITHUB_ACTIONS") == "true":
        return
    if not sys.stdin.isatty():
        raise ConfigError("this changes the cluster and nobody can be asked here", remedy="add --yes")
    click.echo(plain(text), err=True)
    click.confirm("Go on?", abort=True, err=True)


def _needed(name: str | None, pipeline: Pipeline) -> str:
    if not name:
        raise ConfigError("no environment is named", remedy=f"name one of: {', '.join(pipeline)}")
    return name


def existing(path: str) -> Path:
    """Return a path that exists; ConfigError else."""
    if not Path(path).exists():
        raise ConfigError(f"there is no {path}", remedy="mend the path")
    return Path(path)
