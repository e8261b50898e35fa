import copy
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from promokit.cli.app import COMMANDS, main
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig

SMALL = """image: {repository: registry.example.com/app, branch: master}
environments:
  test: {namespace: credreg-test, workloads: [main-app/main-app], cluster: {context: test}}
  prod: {from: test, namespace: credreg-prod, workloads: [main-app/main-app], cluster: {context: test}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a promokit.yaml and an empty home, and none of a runner's variables."""
    (tmp_path / "promokit.yaml").write_text(SMALL)
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "INPUT_", "AWS_", "KUBE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def code(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    return int(caught.value.code or 0)


WRONG = [
    ["plan"],
    ["plan", "staging", "--tag", "2026.11.24.0001"],
    ["plan", "--config", "missing.yaml", "test"],
    ["plan", "test", "--tagg", "x"],
    ["deploy", "test"],
    ["hold", "test", "sha256:short", "--reason", "x"],
    ["hold", "test", "sha256:" + "a" * 64],
    ["rollout", "test", "--plan", "no plan"],
    ["rollout", "--namespace", "x", "--workloads", "main-app"],
    ["rollout", "--namespace", "x", "--workloads", "a/b"],
    ["migrate", "--namespace", "x"],
    ["tag"],
    ["notify"],
    ["history", "test", "--verify", "--head", "a" * 11],
    ["history", "test", "--verify", "--head", "g" * 64],
    ["history", "test", "--verify", "--head", "a" * 65],
    ["tag", "--repository", "registry.example.com/app"],
    ["resolve", "--namespace", "x", "--workloads", "a/b", "--tag", "2026.11.24.0001"],
    ["resolve", "--namespace", "x", "--workloads", "a/b", "--cluster", "live"],
    ["resolve", "--namespace", "../x", "--workloads", "a/b", "--cluster", "context:test"],
    ["resolve", "--namespace", "x", "--workloads", "../b", "--cluster", "context:test"],
    ["history", "test", "-o", "xml"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_use_is_exit_2_and_one_line(here: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """No traceback, nothing on stdout, and a line that says what is wrong."""
    assert code(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("promokit: ")
    assert len(err.splitlines()) == 1
    assert "Remedy: " in err


@pytest.mark.parametrize("form", [["-o", "json"], ["-ojson"], ["--output", "json"], ["--output=json"]])
def test_errors_are_json_where_json_is_asked_for(
    here: Path, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    """In every form of the option, with what was changed: nothing."""
    assert code("plan", "staging", *form) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["changed"] is False
    assert told["exit_code"] == 2
    assert "Remedy" in told["error"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["plan", "staging"], "wrong-use"),
        (["plan", "test", "--tagg", "x"], "wrong-use"),
        (["rollout", "prod", "--yes"], "refused"),
        (["history", "test"], "unreachable"),
    ],
)
def test_the_reason_in_json_is_a_word(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    reason: str,
) -> None:
    """Of a closed list, for programs; a job's output has the sentence, which Slack tells people."""
    write_kubeconfig(here, "http://127.0.0.1:1")
    monkeypatch.setenv("GITHUB_OUTPUT", str(here / "output"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code(*words, "-o", "json")
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert told["reason"] == reason
    assert told["error"] in (here / "output").read_text()


def test_the_word_json_elsewhere_is_not_the_option(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An environment may have any name."""
    assert code("plan", "json") == 2
    assert capsys.readouterr().out == ""


def test_an_environment_with_a_source_takes_only_a_plan(here: Path) -> None:
    """There is no `rollout prod --tag X`: exit 3."""
    assert code("rollout", "prod", "--tag", "2026.11.24.0001", "--yes") == 3


def test_a_cluster_that_cannot_be_asked_is_exit_5(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the address, and no traceback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        write_kubeconfig(here, f"http://127.0.0.1:{free.getsockname()[1]}")
    assert code("history", "test", "-o", "json") == 5
    out, err = capsys.readouterr()
    assert json.loads(out)["outcome"] == "unknown"
    assert "127.0.0.1" in err
    assert "Traceback" not in err


def test_a_kubeconfig_without_the_context_is_wrong_use(here: Path) -> None:
    """The configuration names what isn't there."""
    write_kubeconfig(here, "http://127.0.0.1:1")
    config = yaml.safe_load((here / "kubeconfig").read_text())
    (here / "kubeconfig").write_text(yaml.safe_dump({**config, "contexts": []}))
    assert code("history", "test") == 2


def test_an_answer_is_json_that_tells_whether_anything_changed(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look changes nothing; a hold does."""
    write_kubeconfig(here, api.url)
    digest = "sha256:" + "a" * 64
    for words, changed in (
        (["history", "test"], False),
        (["history", "test", "--verify"], False),
        (["hold", "test", digest, "--reason", "bad", "--yes"], True),
        (["history", "test", "--verify"], False),
    ):
        assert code(*words, "-o", "json") == 0
        assert json.loads(capsys.readouterr().out)["changed"] is changed


def test_to_release_what_is_not_held_writes_nothing(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, with what is held, and nobody is asked: a digest that was mistyped isn't taken for released."""
    write_kubeconfig(here, api.url)
    held, other = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    assert code("hold", "test", held, "--reason", "bad", "--yes") == 0
    before = copy.deepcopy(api.get("configmaps", "promokit-ledger"))
    capsys.readouterr()
    assert code("hold", "test", "--release", other, "--reason", "fine", "-o", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["changed"], list(told["holds"])) == (False, [held])
    assert code("hold", "test", "--release", other, "--reason", "fine") == 0
    assert f"nothing to do: {other} isn't held" in capsys.readouterr().out
    assert api.get("configmaps", "promokit-ledger") == before
    assert code("hold", "test", "--release", held, "--reason", "fine", "--yes", "-o", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["changed"], list(told["holds"])) == (True, [])


def test_a_ledger_that_does_not_hold_is_exit_1(here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """`history --verify` names the line; without it the history is still shown."""
    write_kubeconfig(here, api.url)
    api.put("configmaps", "promokit-ledger", {"data": {"lines": '{"op": "x"}'}})
    assert code("history", "test", "--verify") == 1
    assert "line 1" in capsys.readouterr().out
    assert code("history", "test") == 0


def test_a_change_is_not_made_where_nobody_can_be_asked(here: Path, api: ApiServer) -> None:
    """Without a terminal --yes is needed: exit 2, nothing written."""
    write_kubeconfig(here, api.url)
    assert code("hold", "test", "sha256:" + "a" * 64, "--reason", "bad") == 2
    assert {each.method for each in api.calls} <= {"GET"}


def test_a_hold_without_a_reason_is_refused(here: Path, api: ApiServer) -> None:
    """An empty one is none: exit 2, nothing written."""
    write_kubeconfig(here, api.url)
    for release in ([], ["--release"]):
        assert code("hold", "test", "sha256:" + "a" * 64, "--reason", " ", "--yes", *release) == 2
    assert {each.method for each in api.calls} <= {"GET"}


def test_a_long_reason_bends_no_table(here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The history cuts it; JSON has what the ledger has."""
    write_kubeconfig(here, api.url)
    assert code("hold", "test", "sha256:" + "a" * 64, "--reason", "x" * 1000, "--yes") == 0
    capsys.readouterr()
    assert code("history", "test") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 250
    assert code("history", "test", "-o", "json") == 0
    assert "x" * 200 in capsys.readouterr().out


def test_a_github_run_has_consented(here: Path, api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an action nobody can be asked, and the workflow was started by somebody."""
    write_kubeconfig(here, api.url)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert code("hold", "test", "sha256:" + "a" * 64, "--reason", "bad") == 0


def test_a_bug_is_exit_70_without_a_traceback(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asks to be reported; --debug shows the traceback."""
    monkeypatch.setattr("promokit.cli.history.read_book", lambda namespace: dict[str, str]()["no"])
    write_kubeconfig(here, "http://127.0.0.1:1")
    assert code("history", "test") == 70
    err = capsys.readouterr().err
    assert "a bug in promokit: KeyError." in err
    assert len(err.splitlines()) == 1
    with pytest.raises(KeyError):
        main(["history", "test", "--debug"])


@pytest.mark.parametrize("closed", [(), ("stdout",), ("stderr",), ("stdout", "stderr")])
def test_closed_streams_change_no_exit_code(
    here: Path, monkeypatch: pytest.MonkeyPatch, api: ApiServer, closed: tuple[str, ...]
) -> None:
    """A job that closed its input, or all of them, is told as if nobody could be asked."""
    write_kubeconfig(here, api.url)
    for name in ("stdin", *closed):
        monkeypatch.setattr(sys, name, None)
    assert code("hold", "test", "sha256:" + "a" * 64, "--reason", "bad") == 2
    assert code("adopt", "test", "--reason", "bad", "--yes") in {2, 3}


def test_an_error_has_an_end(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was typed or came from outside."""
    assert code("history", "x" * 100_000) == 2
    assert len(capsys.readouterr().err) < 6_000


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Exit 0, with -o and --debug told."""
    assert code(name, "--help") == 0
    told = capsys.readouterr().out
    assert "--output" in told
    assert "--debug" in told


def test_a_command_that_a_signal_stops_ends_as_a_signals_victim(here: Path) -> None:
    """SIGTERM gives 143 at once, though an answer is waited for, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_kubeconfig(here, f"http://127.0.0.1:{silent.getsockname()[1]}")
        process = subprocess.Popen(
            [sys.executable, "-c", "from promokit.cli import main; main()", "history", "test"],
            stderr=subprocess.PIPE,
            text=True,
        )
        silent.settimeout(30)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        connection.close()
    assert process.returncode == 143
    assert "stopped by SIGTERM" in err
    assert "Traceback" not in err
