"""What is asked beside the streams, once a rule would rest on it: the registry for an image, the cluster for a map."""

import threading
import time

import pytest

from promokit.errors import Unreachable
from promokit.rollout.assessment import assess
from promokit.rollout.latecomers import KUBELET_LOOKS_AGAIN, with_time_for_latecomers
from promokit.rollout.policy import Policy
from promokit.rollout.presence import Presence
from tests.cluster.api_server import ApiServer
from tests.factories import WORKLOAD, event, failing, image, replica_set, rolling, waiting
from tests.rollout.judging import POLICY, snapshot

NOT_FOUND = 'Failed to pull image "x": rpc error: code = NotFound desc = failed to resolve reference "x": x: not found'


def answered(presence: Presence) -> str:
    """Let it ask for the image that a node doesn't find, and return the policy's word after the answer."""
    known = snapshot(
        [
            (0.0, rolling()),
            (0.1, replica_set()),
            (0.2, failing(state=waiting("ErrImagePull", NOT_FOUND), image_id="")),
            (0.3, event("Failed", NOT_FOUND)),
        ]
    )
    policies = {WORKLOAD: POLICY}
    presence.ask(known, assess(known, policies, 1.0))
    ends = time.monotonic() + 5
    while presence.asking and time.monotonic() < ends:
        time.sleep(0.01)
    return presence.told(policies)[WORKLOAD].image_exists


@pytest.mark.parametrize(("there", "word"), [(True, "yes"), (False, "no")])
def test_the_registry_is_asked_once_for_an_image_that_a_node_does_not_find(there: bool, word: str) -> None:
    """Only it can tell a missing image from one that is on its way."""
    asked: list[str] = []

    def exists(reference: str) -> bool:
        asked.append(reference)
        return there

    presence = Presence(exists)
    assert answered(presence) == word
    assert answered(presence) == word
    assert asked == [str(image())]


def test_a_registry_that_cannot_be_asked_leaves_it_unknown() -> None:
    """Then the deadline decides; whoever waits for it is told why, once."""

    def exists(reference: str) -> bool:
        raise Unreachable("no registry")

    warned: list[str] = []
    presence = Presence(exists, warned.append)
    assert [answered(presence), answered(presence)] == ["unknown", "unknown"]
    assert len(warned) == 1
    assert warned[0].endswith(f"{image()}: no registry")


@pytest.mark.parametrize(("early", "late", "word"), [(True, False, "yes"), (False, True, "yes"), (False, False, "no")])
def test_an_early_no_is_asked_again_once_it_matters(early: bool, late: bool, word: str) -> None:
    """The image may have come meanwhile; a yes stays one."""
    answers = iter([early, late])
    asked = threading.Event()

    def exists(reference: str) -> bool:
        asked.set()
        return next(answers)

    presence = Presence(exists)
    presence.prepare([str(image())])
    assert asked.wait(5)
    for thread in threading.enumerate():
        if thread.name == "image-exists":
            thread.join(5)
    assert answered(presence) == word


MISSING = 'configmap "settings" not found'
NO_KEY = "couldn't find key url in ConfigMap credreg-test/settings"


def given_time(api: ApiServer, message: str, policy: Policy = POLICY) -> bool:
    known = snapshot(
        [
            (0.0, rolling()),
            (0.1, replica_set()),
            (1.0, failing(state=waiting("CreateContainerConfigError", message), image_id="")),
        ]
    )
    assessment = assess(known, {WORKLOAD: policy}, 30.0)
    assert assessment.verdict.reason == "config-missing"
    later = with_time_for_latecomers(api.namespace(), {WORKLOAD: policy}, assessment)
    assert later is None or later[WORKLOAD].config_missing_for == KUBELET_LOOKS_AGAIN
    return later is not None


def test_a_config_map_that_has_come_is_given_time_until_the_kubelet_looks_again(api: ApiServer) -> None:
    """The kubelet's state stands still for up to 15 s, so it doesn't say that it is missing still."""
    assert not given_time(api, MISSING)
    api.put("configmaps", "settings", {"data": {"other": "x"}})
    assert given_time(api, MISSING)
    assert not given_time(api, NO_KEY)
    api.put("configmaps", "settings", {"data": {"url": "x"}})
    assert given_time(api, NO_KEY)


def test_the_time_is_given_once(api: ApiServer) -> None:
    """What is missing at the kubelet's next look as well is missing."""
    api.put("configmaps", "settings", {"data": {}})
    assert not given_time(api, MISSING, Policy(generation=2, template="new", config_missing_for=KUBELET_LOOKS_AGAIN))


@pytest.mark.parametrize("message", ['secret "app-secrets" not found', "couldn't find key a in Secret x/app-secrets"])
def test_secrets_are_not_read(api: ApiServer, message: str) -> None:
    """Nothing here needs the right to."""
    assert not given_time(api, message)
    assert not api.calls


def test_one_that_may_not_be_read_is_taken_for_missing(api: ApiServer) -> None:
    """As the rule stands without asking."""
    api.fail(403, path="configmaps")
    assert not given_time(api, MISSING)
