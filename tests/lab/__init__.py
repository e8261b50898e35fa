"""The lab: two real Kubernetes clusters, a registry, buildkit and PostgreSQL on one Linux machine.

It serves the tests and the demo. `python -m tests.lab up` starts it, `down` ends it and leaves nothing running or
mounted. It needs root, changes nothing of the machine that it doesn't put back, and speaks only over loopback and
the two bridges that it makes.
"""
