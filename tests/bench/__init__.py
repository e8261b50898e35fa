"""What promokit's speed and size are measured by: `make bench`, or one part, `python -m tests.bench.NAME`."""
