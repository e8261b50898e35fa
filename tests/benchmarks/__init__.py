"""What is measured, not tested: times depend on the machine. `make bench` measures; docs/benchmarks.md keeps it."""
