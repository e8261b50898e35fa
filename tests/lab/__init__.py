"""The lab: real clusters, a real registry and doubles of what cannot run on one machine."""
