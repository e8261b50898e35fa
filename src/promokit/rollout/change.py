"""Changing a workload's image so that whoever lost the lease can't: each patch tests epoch, container and image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promokit.cluster.namespace import RESOURCES, Namespace
from promokit.cluster.objects import Controller
from promokit.cluster.parse import parse_controller
from promokit.cluster.transport import ApiError, Invalid, NotFound
from promokit.errors import ConfigError, NotAccepted, Superseded
from promokit.model import Workload
from promokit.rollout.admission import denial
from promokit.rollout.completion import keeps_all

EPOCH = "promokit/epoch"
CAUSE = "kubernetes.io/change-cause"
_LONGEST_EPOCH = 18
"""Digits: what is longer isn't ours."""
_EPOCH_TRIES = 5
_ANNOTATIONS = "/metadata/annotations"


def epoch_of(controller: Controller) -> int:
    """Return the epoch that the last operation wrote on a workload; 0 where none did."""
    text = controller.annotations.get(EPOCH, "0")
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_EPOCH else 0


def write_epoch(namespace: Namespace, controller: Controller, epoch: int) -> Controller:
    """Write our epoch on a workload, higher than the one read, and return the workload as it then is.

    From then on nobody with a lower one can change it; whoever wrote a lower one since it was read is gone past.
    Superseded if somebody wrote a higher one meanwhile; Denied by an admission policy.
    """
    for _ in range(_EPOCH_TRIES):
        before = epoch_of(controller)
        if before == epoch:
            return controller
        if before > epoch:
            break
        try:
            patched = namespace.json_patch(RESOURCES[controller.kind], controller.name, _epoch_patch(controller, epoch))
            return parse_controller({**patched, "kind": controller.kind})
        except ApiError as error:
            if denied := denial(error, f"{controller.kind} {controller.name}"):
                raise denied from error
            if not isinstance(error, Invalid):
                raise
        data = namespace.get(RESOURCES[controller.kind], controller.name)
        if data is None:
            break
        controller = parse_controller({**data, "kind": controller.kind})
    raise lost(controller.name)


def _epoch_patch(controller: Controller, epoch: int) -> list[dict[str, Any]]:
    path = f"{_ANNOTATIONS}/{_escaped(EPOCH)}"
    add: dict[str, Any] = {"op": "add", "path": path, "value": str(epoch)}
    if controller.annotations:
        return [{"op": "test", "path": path, "value": controller.annotations.get(EPOCH)}, add]
    return [*_room_for_annotations(controller), add]


def _room_for_annotations(controller: Controller) -> list[dict[str, Any]]:
    """Return what makes the map of annotations where there is none; those that came meanwhile let it fail.

    A test of null passes only where there is none (evanphx/json-patch, which API servers use).
    """
    if controller.annotations:
        return []
    return [{"op": "test", "path": _ANNOTATIONS, "value": None}, {"op": "add", "path": _ANNOTATIONS, "value": {}}]


def set_image(
    namespace: Namespace,
    workload: Workload,
    image: str,
    *,
    expected: str,
    epoch: int | None,
    cause: str,
    template: dict[str, Any] | None = None,
    found: Controller | None = None,
) -> Controller:
    """Pin an image on a workload and return its controller as it then is: that of a try whose answer was lost, too.

    With a `template`, which has the image, the whole pod template is replaced by it, under the same tests. `found` is
    the controller as somebody has just read it: without, and where it isn't so any more, it is read.
    Superseded when the image isn't the expected one any more or the lease was lost; Denied by an admission policy;
    ConfigError when there is no such object or container, or when its updateStrategy rolls nothing out.
    """
    there = found or namespace.controller(workload)
    if there is None:
        raise absent(workload, namespace)
    if workload.container not in there.images:
        raise no_container(workload, there.images)
    if there.images[workload.container] == image != expected:
        return there
    operations = _image_patch(there, workload.container, image, expected, cause, template)
    if epoch is not None:
        operations.insert(0, {"op": "test", "path": f"{_ANNOTATIONS}/{_escaped(EPOCH)}", "value": str(epoch)})
    try:
        patched = namespace.json_patch(RESOURCES[workload.kind], workload.name, operations)
    except ApiError as error:
        if found is not None and isinstance(error, Invalid | NotFound):
            return set_image(namespace, workload, image, expected=expected, epoch=epoch, cause=cause, template=template)
        raise _judged(namespace, workload, expected, epoch, error) from error
    return parse_controller({**patched, "kind": workload.kind})


def _image_patch(
    controller: Controller, container: str, image: str, expected: str, cause: str, template: dict[str, Any] | None
) -> list[dict[str, Any]]:
    spec = f"/spec/template/spec/containers/{list(controller.images).index(container)}"
    return [
        {"op": "test", "path": f"{spec}/name", "value": container},
        {"op": "test", "path": f"{spec}/image", "value": expected},
        {"op": "replace", "path": f"{spec}/image", "value": image}
        if template is None
        else {"op": "replace", "path": "/spec/template", "value": template},
        *_room_for_annotations(controller),
        {"op": "add", "path": f"{_ANNOTATIONS}/{_escaped(CAUSE)}", "value": cause},
    ]


def check(workload: Workload, controller: Controller | None, namespace: Namespace) -> None:
    """Raise ConfigError unless the workload's object and container are there and a change would roll out by itself."""
    if controller is None:
        raise absent(workload, namespace)
    if workload.container not in controller.images:
        raise no_container(workload, controller.images)
    if controller.on_delete:
        raise ConfigError(
            f"{workload.object} has updateStrategy OnDelete: a change of its image rolls nothing out",
            remedy="set updateStrategy RollingUpdate",
        )
    if keeps_all(controller):
        raise ConfigError(
            f"{workload.object} has a partition that keeps all {controller.wanted} pods: a change of its image rolls "
            "nothing out",
            remedy="lower updateStrategy.rollingUpdate.partition",
        )


def absent(workload: Workload, namespace: Namespace) -> ConfigError:
    """Return the error for a workload that isn't there."""
    return ConfigError(
        f"there is no {workload.kind} {workload.name} in namespace {namespace.name}",
        remedy="apply the manifests first, or mend workloads: in promokit.yaml",
    )


def no_container(workload: Workload, containers: Iterable[str]) -> ConfigError:
    """Return the error for a container that isn't there."""
    return ConfigError(
        f"{workload.kind} {workload.name} has no container {workload.container}",
        remedy=f"its containers are: {', '.join(containers)}",
    )


def lost(name: str) -> Superseded:
    """Return the end of an operation that lost the lease to another."""
    return Superseded(
        f"superseded: another operation took over {name}",
        remedy="see history; start again if it is still wanted",
    )


def _judged(namespace: Namespace, workload: Workload, expected: str, epoch: int | None, error: ApiError) -> Exception:
    """Read again what a refusal means: image moved, epoch moved, or the word of an admission policy."""
    denied = denial(error, str(workload))
    if not isinstance(error, Invalid) and denied is None:
        return error
    now = namespace.controller(workload)
    if now is None:
        return lost(workload.name)
    if epoch is not None and epoch_of(now) != epoch:
        return lost(workload.name)
    if now.images.get(workload.container) != expected:
        return Superseded(
            f"superseded: somebody else changed the image of {workload} to {now.images.get(workload.container)}",
            remedy="see history, then start again from a new plan",
        )
    what = f"the cluster refused the change of {workload}: {error.what}"
    return denied or NotAccepted(what, remedy="see what it names there")


def _escaped(key: str) -> str:
    """Escape a key for a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
