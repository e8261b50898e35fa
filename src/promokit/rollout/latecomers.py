"""Whether the ConfigMap that a kubelet missed has come meanwhile: the kubelet's own next look may be 15 s away."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve

from promokit.cluster.namespace import Namespace
from promokit.errors import PromokitError
from promokit.model import Workload
from promokit.rollout.assessment import Assessment
from promokit.rollout.policy import Policy

KUBELET_LOOKS_AGAIN = 20.0
"""Seconds: the kubelet tries at once, a second later, and then every 11 to 15 s (measured on 1.36)."""

_OBJECT = re.compile(r'configmap "([^"]+)" not found')
_KEY = re.compile(r"couldn't find key (\S+) in ConfigMap [^/\s]+/(\S+)")


def with_time_for_latecomers(
    namespace: Namespace, policies: Mapping[Workload, Policy], assessment: Assessment
) -> dict[Workload, Policy] | None:
    """Return policies that wait for the kubelet's next look, if what a workload failed for is there by now. Else None.

    Secrets aren't asked for: nothing here needs to read them. A workload is given the time once.
    """
    late = {
        workload: evolve(policies[workload], config_missing_for=KUBELET_LOOKS_AGAIN)
        for workload, judgement in assessment.judgements.items()
        if judgement.verdict.reason == "config-missing"
        and policies[workload].config_missing_for < KUBELET_LOOKS_AGAIN
        and all(_has_come(namespace, each.message) for each in judgement.verdict.evidence)
    }
    return {**policies, **late} if late else None


def _has_come(namespace: Namespace, message: str) -> bool:
    named, keyed = _OBJECT.search(message), _KEY.search(message)
    name = named.group(1) if named else keyed.group(2) if keyed else ""
    try:
        found = namespace.get("configmaps", name) if name else None
    except PromokitError:
        return False
    return found is not None and (keyed is None or keyed.group(1) in (found.get("data") or {}))
