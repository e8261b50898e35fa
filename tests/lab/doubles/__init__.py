"""Doubles of the services that can't run on one machine: AWS, GitHub and Slack, over loopback sockets.

Each is a context manager (for tests, on a free port); `python -m tests.lab.doubles` runs all three at once.
"""
