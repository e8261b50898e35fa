"""`python -m tests.bench.rollback [TIMES]`: from process start to the old image serving, beside kubectl, on the lab."""

from __future__ import annotations

import json
import shlex
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from promokit.cluster.connect import connect
from promokit.cluster.namespace import Namespace
from promokit.image import ImageRef
from promokit.ledger.record import entry
from promokit.ledger.store import append
from promokit.model import Cluster as ClusterSettings
from tests.bench import page
from tests.bench.api import Api
from tests.bench.completions import Completions
from tests.bench.measured import Running
from tests.bench.repeated import times_on_the_lab
from tests.bench.tools import Promokit, tools
from tests.bench.verdict_cases import ROWS
from tests.lab import actors, certificates
from tests.lab.cases.manifests import deployment
from tests.lab.cases.steps import SetImage
from tests.lab.layout import BIN, TEST
from tests.lab.place import Place

LONGEST = 60.0
ALLOWED = 1.5
HEAD = ("seconds since the process started", "until the image was changed", "until the old one served")
Times = tuple[float, float]
_PATH = "/apis/apps/v1/namespaces/{}/deployments"
_REFERENCE = "deployment/web/app"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write it down."""
    times = times_on_the_lab("rollback", __doc__, arguments)
    tool = next(each for each in tools() if isinstance(each, Promokit))
    with _placed() as place, socket.create_server(("127.0.0.1", 0)) as silent:
        environ = tool.environ(place, next(each for each in ROWS if each.asks_registry))
        unheard = {**environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        undo, back = _kubectl(place), _promokit(place, tool.folder)
        programs = ((undo, environ), (back, environ), (back, unheard))
        measured = [tuple(_measured(place, *each) for each in programs) for _ in range(times)]
    kubectl, promokit, alone = zip(*measured, strict=True)
    named = {
        "kubectl rollout undo, rollout status": kubectl,
        "promokit rollback": promokit,
        "more than kubectl": _more(promokit, kubectl),
        "promokit rollback, the registry silent": alone,
        "more than kubectl, the registry silent": _more(alone, kubectl),
    }
    rows = [(name, *(_told(column) for column in zip(*all_, strict=True))) for name, all_ in named.items()]
    page.write("rollback", f"python -m tests.bench.rollback {times}", page.table(HEAD, rows))
    return 0 if statistics.median(served for _, served in _more(alone, kubectl)) <= ALLOWED else 1


def _more(after: Sequence[Times], before: Sequence[Times]) -> list[Times]:
    """Return how much later each was than the other of its turn."""
    return [(one[0] - other[0], one[1] - other[1]) for one, other in zip(after, before, strict=True)]


def _told(seconds: Sequence[float]) -> str:
    return f"median {statistics.median(seconds):.2f}, worst {max(seconds):.2f}"


@contextmanager
def _placed() -> Iterator[Place]:
    """A Deployment of 2 that ran the old image, as the ledger says; removed afterwards."""
    place = Place(TEST, "rollback-bench", actors.publish())
    place.make()
    try:
        place.apply(deployment(revisionHistoryLimit=10))
        place.wait_until_complete("deployment", "web")
        settings = {"KUBECONFIG": str(certificates.kubeconfig(TEST, certificates.ADMIN))}
        now, image = datetime.now(UTC), place.images["good"]
        begun = entry("opened", "promotion", "op", now, image=image, previous={"web/app": image})
        ended = entry("closed", "promotion", "op", now, outcome="succeeded", reason="complete")
        append(Namespace(connect(ClusterSettings(), settings), place.namespace), lambda book: [begun, ended])
        yield place
    finally:
        place.remove()


def _measured(place: Place, command: list[str], environ: dict[str, str]) -> Times:
    """Bring the new image and go back by a command. Return when it was changed, and when the old one served."""
    SetImage(_REFERENCE, "actor:better").do(place)
    place.wait_until_complete("deployment", "web")
    time.sleep(1.0)  # what the last one left is over
    api = Api(certificates.kubeconfig(TEST, certificates.ADMIN), TEST.name)
    seen = Completions(api, _PATH.format(place.namespace))
    seen.start()
    began = time.monotonic()
    running = Running(command, int(TEST.endpoint.rpartition(":")[2]), environ, sampled=False)
    done = seen.last(LONGEST)
    api.close()
    if not running.wait(LONGEST) or running.code or done is None or seen.changed_at is None:
        raise RuntimeError(f"{command}: {running.code}\n{running.output}")
    return seen.changed_at - began, done - began


def _kubectl(place: Place) -> list[str]:
    kubectl = [str(BIN / "kubectl"), "--namespace", place.namespace, "rollout"]
    undo, status = (shlex.join([*kubectl, verb, "deployment/web"]) for verb in ("undo", "status"))
    return ["/bin/sh", "-c", f"{undo} && {status}"]


def _promokit(place: Place, folder: Path) -> list[str]:
    where = {"namespace": place.namespace, "workloads": ["web/app"], "stable-for": 0}
    repository = ImageRef.parse(place.images["good"]).name
    content = {"image": {"repository": repository, "branch": "master"}, "environments": {"prod": where}}
    (folder / "rollback.yaml").write_text(json.dumps(content))
    installed = str(Path(sys.executable).with_name("promokit"))
    return [installed, "rollback", "prod", "--yes", "--no-hold", "--config", str(folder / "rollback.yaml")]


if __name__ == "__main__":
    sys.exit(main())
