"""Whether an image exists: asked of the registry once a node can't find it, without holding up the verdict."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve

from promokit.errors import PromokitError
from promokit.model import Workload
from promokit.rollout.assessment import Assessment
from promokit.rollout.policy import Answer, Policy
from promokit.rollout.snapshot import Snapshot


class Presence:
    """Asks once an image, in a thread of its own. `exists` says whether the registry has an image; it may raise.

    `warn` is told why the registry couldn't be asked: the deadline decides then, not the answer.
    """

    def __init__(self, exists: Callable[[str], bool], warn: Callable[[str], None] = lambda text: None) -> None:
        self._exists, self._warn = exists, warn
        self._images: dict[Workload, str] = {}
        self._answers: dict[str, Answer | None] = {}

    def prepare(self, images: Iterable[str]) -> None:
        """Ask about images that nobody misses yet, so that the client is loaded when it matters.

        Only a yes is kept: what isn't there now may be there when a node looks for it.
        """
        wanted = tuple(dict.fromkeys(images))
        threading.Thread(target=self._prepare, args=(wanted,), name="image-exists", daemon=True).start()

    @property
    def asking(self) -> bool:
        """Whether an answer is awaited."""
        return None in self._answers.values()

    def ask(self, snapshot: Snapshot, assessment: Assessment) -> None:
        """Ask for the image of each workload that a node can't find, unless it was asked for already."""
        for workload, judgement in assessment.judgements.items():
            controller = snapshot.controller(workload)
            if controller is None or not any(each.reason == "image-not-found" for each in judgement.signs):
                continue
            image = self._images[workload] = controller.images.get(workload.container, "")
            if image not in self._answers:
                self._answers[image] = None
                threading.Thread(target=self._answer, args=(image,), name="image-exists", daemon=True).start()

    def told(self, policies: Mapping[Workload, Policy]) -> dict[Workload, Policy]:
        """Return the policies with what the registry has said meanwhile."""
        return {each: self._with_answer(each, policy) for each, policy in policies.items()}

    def _with_answer(self, workload: Workload, policy: Policy) -> Policy:
        answer = self._answers.get(self._images.get(workload, ""))
        return evolve(policy, image_exists=answer) if answer and policy.image_exists == "unknown" else policy

    def _prepare(self, images: Sequence[str]) -> None:
        for image in images:
            try:
                if self._exists(image):
                    self._answers.setdefault(image, "yes")
            except PromokitError:
                return

    def _answer(self, image: str) -> None:
        try:
            self._answers[image] = "yes" if self._exists(image) else "no"
        except PromokitError as error:
            self._answers[image] = "unknown"
            self._warn(f"warning: the registry can't be asked whether it has {image}: {error}")
