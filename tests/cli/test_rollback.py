import json
from pathlib import Path

import pytest

from promokit.cli.app import main


def test_a_tag_that_is_empty_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that isn't set, in quotes, must not go back to another image than was meant."""
    content = {
        "image": {"repository": "r.example/a", "branch": "master"},
        "environments": {"prod": {"namespace": "credreg-prod", "workloads": ["web/app"]}},
    }
    (tmp_path / "promokit.yaml").write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(SystemExit) as caught:
        main(["rollback", "prod", "--yes", "--to", ""])
    assert caught.value.code == 2
    assert "--to is empty" in capsys.readouterr().err
