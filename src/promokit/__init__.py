"""Promote one immutable image through environments on Kubernetes."""
