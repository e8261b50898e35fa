"""The lab: two real Kubernetes clusters, a registry, buildkit and PostgreSQL on one Linux machine.

`python -m tests.lab up` starts it, `down` ends it and leaves nothing running or mounted. It needs root, puts
back what it changes of the machine, and speaks only over loopback and its own two bridges.
"""
