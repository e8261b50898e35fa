"""What a rollback asks of its cluster before it changes what runs: while it does, the bad image serves."""

from collections import Counter

from promokit.promotion.rollback import rollback
from tests.cluster.api_server import Call
from tests.promotion.scene import Scene

_READ = Counter(("GET deployments", "GET configmaps/promokit-ledger"))


def test_nothing_is_read_twice_without_need(moved: Scene) -> None:
    """Once to find the way, and once again under the lease; the rest follows from what that showed."""
    moved.api.calls.clear()
    assert rollback(moved.environment, clients=moved.clients).succeeded
    asked = [_told(each) for each in moved.api.calls if "watch" not in each.query]
    changed = max(at for at, each in enumerate(asked) if each.startswith("PATCH")) + 1
    before, patches = asked[: changed - 4], asked[changed - 4 : changed]
    assert patches == ["PATCH deployments/main-app", "PATCH deployments/worker-app"] * 2
    lease = Counter(("GET leases/promokit", "PUT leases/promokit"))
    opened = Counter(("PUT configmaps/promokit-ledger", "GET configmaps/promokit-allowed"))
    listed = Counter(("GET configmaps/promokit-ledger", "PUT configmaps/promokit-allowed"))
    assert Counter(before) == _READ + _READ + lease + opened + listed + Counter(("POST selfsubjectreviews",))


def _told(call: Call) -> str:
    """A request's verb, and what it is about in its namespace."""
    return f"{call.method} {call.path.partition('/namespaces/')[2].partition('/')[2] or call.path.rpartition('/')[2]}"
