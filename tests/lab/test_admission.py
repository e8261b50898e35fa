"""A ValidatingAdmissionPolicy that refuses an image until it has seen the list that allows it, or for good.

The list stands in the policy, not in a ConfigMap: an API server that has seen the last policy with such parameters go
looks at no ConfigMap any more (1.36, admission/plugin/policy/generic/policy_source.go), and the lab's lives on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define

from promokit.ledger.chain import verify
from tests.lab.api import Api
from tests.lab.errors import LabError
from tests.lab.proxy import Asked, Gate
from tests.lab.stand import Stand, World
from tests.lab.stories import Stories, Story, long

pytestmark = pytest.mark.lab
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
BEFORE, NEW = 1, 2


@define(eq=False)
class ListedOnceRefused(Gate):
    """Counts the patches that are refused, and lists an image after so many."""

    stand: Stand
    after: int
    refused: int = 0

    def answered(self, asked: Asked, status: int) -> bool:
        if asked.method == "PATCH" and status in {403, 422}:
            self.refused += 1
            if self.refused == self.after:
                _allow(self.stand, BEFORE, NEW)
        return True


def test_an_image_that_is_listed_a_moment_later_is_rolled_out(stories: Stories, request: pytest.FixtureRequest) -> None:
    """The policy refused it at first; it is asked again until it has seen the list."""
    stories.hear(request)


def test_an_image_that_stays_refused_fails_with_the_policys_words(
    stories: Stories, request: pytest.FixtureRequest
) -> None:
    """After ten seconds it is told, with what to do; nothing was changed."""
    stories.hear(request)


@long
def listed_a_moment_later(there: World) -> None:
    with there.stand("listed", runs=BEFORE) as stand, _policy(stand):
        gate = ListedOnceRefused(stand, after=3)
        with stand.proxied(gate) as environ:
            process = stand.promote(environ=environ)
            told, _ = process.communicate(timeout=120)
        assert (process.returncode, gate.refused >= 3) == (0, True), told
        assert stand.images() == stand.running(NEW)
        assert set(stand.templates().values()) == {2}


@long
def refused_for_good(there: World) -> None:
    with there.stand("refused", runs=BEFORE) as stand, _policy(stand):
        process = stand.promote()
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 1, told
        assert "this digest isn't on the list of crash-refused" in told
        assert "let the policy named there allow this image" in told
        assert stand.images() == stand.running(BEFORE)
        lines = stand.book().lines
        assert (lines[-1]["line"], lines[-1]["reason"], verify(lines)) == ("closed", "error", None)
        assert "isn't on the list" in lines[-1]["why"]


def story_of(item: pytest.Item) -> Story:
    """Each test's own."""
    return listed_a_moment_later if "listed" in item.name else refused_for_good


@contextlib.contextmanager
def _policy(stand: Stand) -> Iterator[None]:
    """Bind a policy to the stand's namespace alone: an image's digest must be on its list."""
    name, api = stand.place.namespace, stand.place.api
    try:
        _allow(stand, BEFORE)
        api.apply(_object("ValidatingAdmissionPolicyBinding", name, _binding(name)))
        stand.place.wait("the policy holds", lambda: _holds(stand))
        yield
    finally:
        api.delete(f"{BINDINGS}/{name}")
        api.delete(f"{POLICIES}/{name}")


def _allow(stand: Stand, *numbers: int) -> None:
    """Write the policy with these releases on its list; by a connection of its own, for any thread."""
    name = stand.place.namespace
    listed = [str(stand.world.releases[each].image.digest) for each in numbers]
    test = f"object.spec.template.spec.containers.all(each, each.image.split('@')[1] in {listed})"
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": test, "message": f"this digest isn't on the list of {name}"}],
    }
    Api(stand.world.cluster).apply(_object("ValidatingAdmissionPolicy", name, spec))


def _binding(name: str) -> dict[str, Any]:
    return {
        "policyName": name,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}},
    }


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    version = "admissionregistration.k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _holds(stand: Stand) -> bool:
    """An API server asks a new policy after a moment only: a try at what it must refuse tells when."""
    part = {"name": "main-app", "image": str(stand.world.releases[0].image)}
    wanted = {"spec": {"template": {"spec": {"containers": [part]}}}}
    try:
        stand.place.api.patch(f"{stand.place.path('deployment', 'main-app')}?dryRun=All", wanted)
    except LabError as error:
        return "isn't on the list" in str(error)
    return False
