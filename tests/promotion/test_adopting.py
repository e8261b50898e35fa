import copy
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from promokit.cli.app import cli
from promokit.errors import ConfigError, Refused
from promokit.ledger.chain import verify
from promokit.ledger.lease import take
from promokit.promotion.adopting import Adoption, adopt
from promokit.promotion.apply import apply
from tests.promotion.scene import FIRST, SECOND, Scene

BOTH = ("main-app", "worker-app")
WORKLOADS = ("main-app/main-app", "worker-app/worker")


def by_hand(scene: Scene, tag: str, *names: str) -> None:
    """Set the image of Deployments as kubectl would."""
    for name in names:
        data = copy.deepcopy(scene.api.get("deployments", name))
        data["spec"]["template"]["spec"]["containers"][0]["image"] = str(scene.images[tag])
        scene.api.put("deployments", name, data)


def test_a_change_by_hand_is_refused_until_it_is_taken_over(scene: Scene) -> None:
    """The plan names the workload and both images; after adopting, the same promotion goes through."""
    scene.applied(SECOND)
    by_hand(scene, FIRST, "worker-app")
    made = scene.planned(SECOND)
    assert [each.gate for each in made.answers if each.word == "refused"] == ["drift"]
    assert "worker-app/worker is set to" in made.refusal().what
    before = scene.state()
    with pytest.raises(Refused, match="drift"):
        apply(made, clients=scene.clients, wait=0)
    assert scene.state() == before
    adopt(scene.environment, reason="the worker had to go back", clients=scene.clients)
    assert scene.applied(SECOND).changed is True


def test_adopting_changes_no_workload_and_is_recorded(scene: Scene) -> None:
    """The ledger says what was taken over, by whom and why; the lease is let go."""
    scene.applied(SECOND)
    by_hand(scene, FIRST, *BOTH)
    before = {name: scene.api.get("deployments", name)["metadata"]["resourceVersion"] for name in BOTH}
    done = adopt(scene.environment, reason="an emergency", clients=scene.clients)
    assert {name: scene.api.get("deployments", name)["metadata"]["resourceVersion"] for name in BOTH} == before
    assert done.images == dict.fromkeys(WORKLOADS, str(scene.images[FIRST]))
    assert done.recorded == dict.fromkeys(WORKLOADS, (str(scene.images[SECOND]),))
    line = scene.book().lines[-1]
    told = {key: line[key] for key in ("kind", "images", "reason", "actor", "identity")}
    assert told == {
        "kind": "adopt",
        "images": dict(done.images),
        "reason": "an emergency",
        "actor": scene.clients.context.actor,
        "identity": "system:tester",
    }
    assert verify(scene.book().lines, head=done.head) is None
    assert scene.api.get("leases", "promokit")["spec"]["holderIdentity"] == ""


def test_adopting_is_refused_while_an_operation_is_under_way(scene: Scene) -> None:
    """What it is doing to the workloads is no change by hand."""
    with take(scene.api.namespace(), "bob@laptop"), pytest.raises(Refused, match="bob@laptop"):
        adopt(scene.environment, reason="an emergency", clients=scene.clients, wait=0)
    assert scene.book().lines == ()


def test_whoever_adopts_sees_it_first_and_may_refrain(scene: Scene) -> None:
    """Then nothing is recorded."""
    seen: list[Adoption] = []

    def refrain(found: Adoption) -> None:
        seen.append(found)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adopt(scene.environment, reason="an emergency", clients=scene.clients, confirm=refrain)
    assert list(seen[0].images) == list(WORKLOADS)
    assert scene.book().lines == ()


def test_adopting_needs_a_reason_and_workloads_that_are_there(scene: Scene) -> None:
    """A record without a why is none, and nothing can't be taken over."""
    with pytest.raises(ConfigError, match="needs a reason"):
        adopt(scene.environment, reason=" ", clients=scene.clients)
    scene.api.delete("deployments", "worker-app")
    with pytest.raises(ConfigError, match="there is no worker-app/worker"):
        adopt(scene.environment, reason="an emergency", clients=scene.clients)


def test_the_command_adopts_and_says_what(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs --yes where nobody can be asked; -o json tells what was taken over."""
    monkeypatch.setenv("KUBECONFIG", scene.clients.environ["KUBECONFIG"])
    text = f"""
      image: {{repository: {scene.registry.repository}, branch: master}}
      environments:
        test: {{cluster: {{context: test}}, namespace: credreg-test, workloads: [{", ".join(WORKLOADS)}]}}
    """
    (tmp_path / "promokit.yaml").write_text(text)
    words = ["adopt", "test", "--reason", "an emergency", "--config", str(tmp_path / "promokit.yaml"), "-o", "json"]
    assert isinstance(CliRunner().invoke(cli, words).exception, ConfigError)
    assert scene.book().lines == ()
    told = json.loads(CliRunner().invoke(cli, [*words, "--yes"]).stdout)
    assert told["changed"] is True
    assert told["images"] == dict.fromkeys(WORKLOADS, str(scene.images[FIRST]))
    assert told["head"] == scene.book().head
