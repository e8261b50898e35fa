"""The roles that stand beside the manifests, given in a namespace to an account of its own, less what a test takes."""

from __future__ import annotations

from typing import Any

import yaml

from tests.lab.layout import CHECKOUT
from tests.lab.place import Place

_RULES = CHECKOUT / "k8s-manifests-prod/rbac.yaml"
_ACCOUNT = "somebody-on-call"
_TOKEN_SECONDS = 3600


def token(place: Place, *, without: tuple[str, str] = ("", "")) -> str:
    """Make an account that may do what PROD's roles say, and return a token of it.

    `without` is a verb and the name of an object on which it is taken away.
    """
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _ACCOUNT}}
    place.apply(account)
    for each in yaml.safe_load_all(_RULES.read_text()):
        place.apply(_given(each, place, without))
    wanted = {"expirationSeconds": _TOKEN_SECONDS}
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": wanted}
    made: dict[str, Any] = place.api.post(f"{place.path('serviceaccount', _ACCOUNT)}/token", asked)["status"]
    return str(made["token"])


def _given(manifest: dict[str, Any], place: Place, without: tuple[str, str]) -> dict[str, Any]:
    if manifest["kind"] == "Role":
        return {**manifest, "rules": [_less(each, *without) for each in manifest["rules"]]}
    subject = {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": place.namespace}
    return {**manifest, "subjects": [subject]}


def _less(rule: dict[str, Any], verb: str, name: str) -> dict[str, Any]:
    """Take a name out of a rule that allows the verb on it."""
    if verb not in rule["verbs"] or name not in rule.get("resourceNames", ()):
        return rule
    return {**rule, "resourceNames": [each for each in rule["resourceNames"] if each != name] or ["nothing"]}
