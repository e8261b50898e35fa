"""The rows of the tables that say what following a rollout cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.bench.followed import Compared, Followed
from tests.bench.page import ratio

HEAD = (
    *("rollout", "program", "requests for lists and watches", "other requests", "connections"),
    *("peak memory", "CPU", "done after the last was complete"),
)


def rows(what: str, compared: Compared) -> list[Sequence[str]]:
    """Rows of one rollout, the ratio of promokit to kubectl last."""
    promokit, kubectl = compared.followed
    took = f"{what}, {compared.seconds:.0f} s"
    ratios = (
        *(took, "promokit : kubectl", "", "", ratio(promokit.cost.connections, kubectl.cost.connections)),
        *(ratio(promokit.cost.peak, kubectl.cost.peak), ratio(promokit.cost.cpu, kubectl.cost.cpu)),
        ratio(promokit.after, kubectl.after),
    )
    return [_row(took, promokit), _row(took, kubectl), ratios]


def _row(took: str, followed: Followed) -> Sequence[str]:
    cost, begun, others = followed.cost, streams(followed.requests), others_of(followed.requests)
    return (
        *(took, followed.program, begun, others, str(cost.connections)),
        *(f"{cost.peak:.0f} MB", f"{cost.cpu:.1f} s", f"{followed.after:.2f} s"),
    )


def streams(requests: Counter[str]) -> str:
    """The requests that list or watch; a watch that is renewed says so."""
    told = [f"{count} {verb}" for verb, count in _verbs(requests).items() if verb in {"list", "list and watch"}]
    renewed = _verbs(requests)["watch"]
    return ", ".join([*told, *([f"{renewed} watches renewed"] if renewed else [])])


def others_of(requests: Counter[str]) -> str:
    """The requests that don't."""
    return ", ".join(f"{count} {verb}" for verb, count in _verbs(requests).items() if verb in {"get", "patch"})


def _verbs(requests: Counter[str]) -> Counter[str]:
    verbs: Counter[str] = Counter()
    for asked, count in requests.items():
        verbs[asked.rpartition(" ")[0]] += count
    return verbs
