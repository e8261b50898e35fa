"""A migration's log, printed as it is written: one stream a container, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Pod
from promokit.cluster.patience import PAUSES
from promokit.cluster.transport import Away, Busy
from promokit.errors import PromokitError

_LAST_WORDS_SECONDS = 3.0
_TRIES = 10


class LogStreams:
    """Follows the logs of a Job's pods. They are for reading along: the verdict never hangs on them."""

    def __init__(self, namespace: Namespace, job: str, progress: Callable[[str], None]) -> None:
        self.namespace, self.job, self.progress = namespace, job, progress
        self._followed: dict[tuple[str, str], threading.Thread] = {}

    def follow_new(self) -> None:
        """Begin to follow each container that has begun to run since the last call."""
        try:
            pods = self.namespace.pods({"labelSelector": f"batch.kubernetes.io/job-name={self.job}"})
        except PromokitError:
            return
        for pod, container in _begun(pods):
            if (pod, container) not in self._followed:
                thread = threading.Thread(target=self._print, args=(pod, container), name=f"log-{pod}", daemon=True)
                self._followed[pod, container] = thread
                thread.start()

    def finish(self) -> None:
        """Take in what has begun meanwhile and wait a little for the last lines."""
        self.follow_new()
        for thread in self._followed.values():
            thread.join(_LAST_WORDS_SECONDS)

    def _print(self, pod: str, container: str) -> None:
        """Print a log to its end. Where it is cut or can't be had for now it is read anew, but for what was printed."""
        printed = failures = 0
        while failures <= _TRIES:
            try:
                for line in islice(self.namespace.log_lines(pod, container), printed, None):
                    self.progress(f"{pod}  {line}")
                    printed, failures = printed + 1, 0
                return
            except (Away, Busy) as error:
                failures += 1
                time.sleep(PAUSES.after(failures, error))
            except PromokitError:
                return


def _begun(pods: list[Pod]) -> Iterator[tuple[str, str]]:
    for pod in sorted(pods, key=lambda each: each.name):
        for container in pod.containers:
            if container.state.kind != "waiting":
                yield pod.name, container.name
