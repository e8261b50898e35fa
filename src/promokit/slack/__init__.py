"""Slack: what a message says (pure), and posting it. Nothing here knows the cluster, a registry or GitHub."""
