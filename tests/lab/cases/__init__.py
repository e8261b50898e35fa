"""The cases of rollouts, by name: data for the recordings and for the product's own runs on the lab."""

from tests.lab.cases import images, interference, kinds, surroundings

CASES = {case.name: case for case in (*images.CASES, *surroundings.CASES, *interference.CASES, *kinds.CASES)}
LIVE = [name for name, case in CASES.items() if not case.replayed_only]
"""Those that promokit itself plays and judges."""
