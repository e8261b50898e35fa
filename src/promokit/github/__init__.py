"""GitHub: the REST calls that promokit makes, and the runner's files and commands.

Nothing here knows the cluster, a registry or Slack.
"""
