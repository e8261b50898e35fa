from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner

from promokit.cli.app import cli
from promokit.errors import ConfigError, Refused
from promokit.freeze_windows import FreezeWindow
from promokit.image import Digest
from promokit.model import Gates
from promokit.promotion.apply import apply
from promokit.promotion.record import override
from tests.promotion.scene import SECOND, THIRD, Scene

NO_FREEZE = FreezeWindow(dates="2020-01-01 to 2020-01-02")


def frozen(scene: Scene) -> Scene:
    """A window of three days is on, and another is over."""
    now = datetime.now(UTC)
    dates = f"{now - timedelta(days=1):%Y-%m-%d} to {now + timedelta(days=1):%Y-%m-%d}"
    gates = Gates(freeze=(NO_FREEZE, FreezeWindow(dates=dates)))
    return evolve(scene, environment=evolve(scene.environment, gates=gates))


def digest_of(scene: Scene, tag: str) -> Digest:
    digest = scene.images[tag].digest
    assert digest is not None
    return digest


def test_a_freeze_refuses_and_an_override_lets_one_digest_through(scene: Scene) -> None:
    """It is recorded; another digest is refused as before."""
    there = frozen(scene)
    made = there.planned(SECOND)
    before = scene.state()
    with pytest.raises(Refused, match="freeze: frozen until"):
        apply(made, clients=scene.clients, wait=0)
    assert scene.state() == before
    override(there.environment, "freeze", digest_of(scene, SECOND), reason="a leak", clients=scene.clients)
    line = scene.book().lines[-1]
    told = {key: line[key] for key in ("kind", "gate", "digest", "reason", "actor")}
    assert told == {
        "kind": "override",
        "gate": "freeze",
        "digest": str(digest_of(scene, SECOND)),
        "reason": "a leak",
        "actor": scene.clients.context.actor,
    }
    assert apply(made, clients=scene.clients, wait=0).succeeded
    assert there.planned(THIRD).outcome == "refused"


def test_a_freeze_that_began_after_the_plan_refuses_it(scene: Scene) -> None:
    """The gates are asked again."""
    made = scene.planned(SECOND)
    with pytest.raises(Refused, match="freeze: frozen until"):
        apply(evolve(made, environment=frozen(scene).environment), clients=scene.clients, wait=0)


@pytest.mark.parametrize(
    ("gate", "reason", "words"),
    [("ci", "a leak", "can't be overridden"), ("freeze", " ", "needs a reason"), ("freeze", "a leak", "no freeze")],
)
def test_what_cannot_be_overridden_is_wrong_use(scene: Scene, gate: str, reason: str, words: str) -> None:
    """Another gate; for no reason; where nothing is frozen: an override isn't given in advance."""
    environment = evolve(scene.environment, gates=Gates(freeze=(NO_FREEZE,)))
    with pytest.raises(ConfigError, match=words):
        override(environment, gate, digest_of(scene, SECOND), reason=reason, clients=scene.clients)
    assert scene.book().lines == ()


def test_the_command_overrides(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the gate's remedy writes it, with --yes where nobody can be asked."""
    monkeypatch.setenv("KUBECONFIG", scene.clients.environ["KUBECONFIG"])
    window = frozen(scene).environment.gates.freeze[1]
    text = f"""
      image: {{repository: {scene.registry.repository}, branch: master}}
      environments:
        test:
          {{cluster: {{context: test}}, namespace: credreg-test, workloads: [main-app/main-app, worker-app/worker],
          gates: {{freeze: {{dates: {window.dates}}}}}}}
    """
    (tmp_path / "promokit.yaml").write_text(text)
    made = frozen(scene).planned(SECOND)
    remedy = next(each.remedy for each in made.answers if each.gate == "freeze")
    words = remedy.partition("or promokit ")[2].removesuffix(" …").split()
    more = ["a leak", "--yes", "--config", str(tmp_path / "promokit.yaml")]
    assert CliRunner().invoke(cli, [*words, *more]).exit_code == 0
    assert frozen(scene).planned(SECOND).allowed
