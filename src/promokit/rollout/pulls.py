"""What a node that can't pull tells of the image: one rule a function. Pure.

The messages are those of a Kubernetes 1.36 kubelet with containerd, as measured, and of other runtimes as they are
written there.
"""

from __future__ import annotations

import re

from promokit.cluster.objects import Container
from promokit.rollout.look import NEVER, Look, Sign, any_of

_REFUSED_PULL = ("unauthorized", "denied", "forbidden", "authorization failed", "no basic auth credentials")
_BY_THE_NODE = " permission denied"
"""What its own network or disk says (Go: syscall.EACCES); a registry that says so says `denied:` or 403 before."""
_TOO_OFTEN = ("too many requests", "toomanyrequests", "quota exceeded")
"""A registry may call it `denied` that it was asked too often: that passes."""
_UNPULLABLE = {"InvalidImageName", "ErrImageNeverPull"}
_NOT_THERE = ("not found", "manifest unknown", "404 Not Found")
_OTHER_PLATFORM = ("no match for platform", "no matching manifest for", "no image found in")
_QUOTED = re.compile(r'"\S+"')


def image_invalid(look: Look, container: Container) -> Sign | None:
    """The reference can't be pulled at all: the kubelet says so by the reason, by Event first and then by status."""
    state = container.state
    if state.reason in _UNPULLABLE:
        return look.sign("image-invalid", look.now, container, message=state.message, rests_on=f"state {state.reason}")
    said = [
        each.event
        for each in look.about(container, "Failed")
        if each.event.message.removeprefix("Error: ") in _UNPULLABLE
    ]
    if state.kind != "waiting" or container.image_id or not said:
        return None
    return look.sign("image-invalid", look.now, container, message=said[-1].message, rests_on="event Failed")


def pull_failed(look: Look, container: Container) -> Sign | None:
    """The kubelet can't pull. Only what the registry says tells a missing image from one that is on its way.

    Attempts are counted by the Events "Failed to pull"; the status lags behind them by one sync.
    """
    state = container.state
    failed = [each for each in look.about(container, "Failed") if "Failed to pull image" in each.event.message]
    told = state.reason in {"ErrImagePull", "ImagePullBackOff"}
    if state.kind != "waiting" or container.image_id or not (failed or told):
        return None
    message = failed[-1].event.message if failed else state.message
    refused, in_status = _refused(message), look.sighting.pulls.get(container.name, ())
    tries = max(
        sum(each.count for each in failed if _refused(each.event.message) or not refused),
        sum(_refused(each) or not refused for each in in_status),
    )
    rests_on = "event Failed" if failed else f"state {state.reason}"
    if refused:
        reason, due = "pull-refused", look.now if tries >= 2 else NEVER
    elif any_of(_OTHER_PLATFORM, message):
        reason, due = "wrong-platform", look.now  # the image has no such child, and a digest doesn't change
    elif any_of(_NOT_THERE, message):
        reason, due = "image-not-found", look.now if look.policy.image_exists == "no" else NEVER
    else:
        reason, due = "pull-fails", NEVER
    return look.sign(reason, due, container, message=message, count=tries, rests_on=rests_on)


def _refused(message: str) -> bool:
    """Look for the words of a refusal, but not in the image's reference or a URL: a tag or digest may hold any."""
    said = " ".join(word for word in _QUOTED.sub("", message.lower()).split() if "/" not in word)
    return any_of(_REFUSED_PULL, said.replace(_BY_THE_NODE, "")) and not any_of(_TOO_OFTEN, said)
