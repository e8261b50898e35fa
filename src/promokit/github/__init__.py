"""GitHub: the REST calls that promokit makes, and the runner's files and commands.

Nothing here knows the cluster, a registry or Slack.
"""

from __future__ import annotations

from promokit.github.api import GitHub
from promokit.github.runner import Runner
from promokit.github.types import Account, Commit, Comparison, EnvironmentSettings, Review, Run

__all__ = ["Account", "Commit", "Comparison", "EnvironmentSettings", "GitHub", "Review", "Run", "Runner"]
