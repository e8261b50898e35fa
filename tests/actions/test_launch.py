"""The launcher, run for real: it needs a Python, takes packages by hash alone, and trusts nothing of the
workspace."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path

import pytest
from tests.actions.conftest import BASE_PYTHON, Runner, lay_checkout

pytestmark = pytest.mark.program

POISON = "raise SystemExit('imported from the workspace')\n"


def test_runs_promokit_with_its_arguments_and_packages(either: Runner) -> None:
    """The command runs with the arguments given, with promokit from beside the action and its locked
    packages."""
    done = either.launch("rollout", "a b", "*")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["argv"] == ["promokit", "rollout", "a b", "*"]
    assert Path(told["promokit"]).is_relative_to(either.checkout / "src")
    assert Path(told["dependency"]).is_relative_to(either.temp / "promokit")


def test_exit_code_is_the_programs(runner: Runner) -> None:
    """The step ends with promokit's own exit code."""
    assert runner.launch("plan", EXIT="3").returncode == 3


def test_later_steps_reuse_the_environment(runner: Runner) -> None:
    """A second step asks no index: it finds what the first has made."""
    assert runner.launch("plan").returncode == 0
    asked = len(runner.index.requests)
    assert asked
    assert runner.launch("rollout").returncode == 0
    assert len(runner.index.requests) == asked


def test_another_lock_is_another_environment(runner: Runner) -> None:
    """Two versions of promokit in one job don't share packages unless their locks are the same."""
    runner.launch("plan")
    lock = runner.checkout / "actions/requirements.txt"
    lock.write_text("# another\n" + lock.read_text())
    assert runner.launch("plan").returncode == 0
    assert len(runner.made()) == 2


def test_checkouts_with_one_lock_run_their_own_promokit(runner: Runner, tmp_path: Path) -> None:
    """An environment is shared by its lock, but promokit is always the one beside the action."""
    runner.launch("plan")
    other = Runner(tmp_path / "other", runner.bin, runner.temp, runner.workspace, runner.index)
    lay_checkout(other.checkout, runner.index.sha256)
    told = json.loads(other.launch("plan").stdout)
    assert Path(told["promokit"]).is_relative_to(other.checkout)
    assert len(runner.made()) == 1


def test_nothing_of_the_workspace_is_imported(either: Runner) -> None:
    """Modules, settings and PYTHON* variables of the caller steer neither the installer nor promokit."""
    work = either.workspace
    for name in ("promokit", "dependency", "json", "sitecustomize", "usercustomize", "pip"):
        (work / f"{name}.py").write_text(POISON)
    (work / "uv.toml").write_text('[pip]\nindex-url = "http://127.0.0.1:9/simple/"\n')
    (work / "pyproject.toml").write_text('[tool.uv.pip]\nindex-url = "http://127.0.0.1:9/simple/"\n')
    python = {"PYTHONPATH": str(work), "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": str(work / "json.py")}
    done = either.launch("plan", PIP_TARGET=str(work), UV_TARGET=str(work), **python)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert not [path for path in told["path"] if Path(path).is_relative_to(work)]
    assert not [name for name in told["environ"] if name.startswith("PYTHON")]


def test_only_the_standard_library_is_there_besides(runner: Runner) -> None:
    """Packages of the machine's own Python or of its user don't mix with the locked ones."""
    told = json.loads(runner.launch("plan").stdout)
    assert not [path for path in told["path"] if "site-packages" in path or "dist-packages" in path]


def test_two_at_once(runner: Runner) -> None:
    """Two steps that begin at the same time both run, and leave one environment."""
    runner.index.go.clear()
    both = [runner.start("plan"), runner.start("rollout")]
    runner.index.reached.wait(60)
    runner.index.go.set()
    results = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    assert len(runner.made()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_promokit(runner: Runner, number: signal.Signals) -> None:
    """The runner's signal to the step's process arrives at promokit, which that process has become."""
    process = runner.start("wait")
    assert process.stdout
    assert process.stdout.readline() == f"waiting {process.pid}\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == (f"{number.name}\n", 128 + number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_while_installing(runner: Runner, number: signal.Signals, code: int) -> None:
    """Stopped in the middle of the installation it leaves nothing, and the next step makes it anew."""
    runner.index.go.clear()
    process = runner.start("plan")
    runner.index.reached.wait(60)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    runner.index.go.set()
    assert (process.returncode, runner.made()) == (code, []), err
    assert "Traceback" not in err
    assert runner.launch("plan").returncode == 0


def test_killed_while_installing(runner: Runner) -> None:
    """What a killed step left behind is never taken for an environment."""
    runner.index.go.clear()
    process = runner.start("plan")
    runner.index.reached.wait(60)
    process.kill()
    process.communicate(timeout=60)
    runner.index.go.set()
    assert runner.launch("plan").returncode == 0


def test_another_file_than_the_locked_one_is_refused(either: Runner) -> None:
    """A package whose hash isn't the lock's is not installed: exit 2, a remedy, and no environment."""
    (either.checkout / "actions/requirements.txt").write_text(f"dependency==1.0 --hash=sha256:{'0' * 64}\n")
    done = either.launch("plan", GITHUB_ACTIONS="true")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "::error title=promokit::" in done.stderr.splitlines()[-1]
    assert "Remedy: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert either.made() == []


def test_a_package_without_a_hash_is_refused(either: Runner) -> None:
    """A lock that names a package without its hash installs nothing."""
    (either.checkout / "actions/requirements.txt").write_text("dependency==1.0\n")
    assert either.launch("plan").returncode == 2
    assert either.made() == []


def test_an_index_gives_the_runner_no_commands(runner: Runner) -> None:
    """An installer's words are printed so that no line of them is a workflow command."""
    runner.remove("uv")
    url = runner.index.url.replace("simple", "##[error]")
    done = runner.launch("plan", PIP_INDEX_URL=url + "::error::", PIP_VERBOSE="1", PIP_NO_INDEX="1")
    assert done.returncode == 2
    assert all(line.startswith("| ") or "Remedy: " in line for line in done.stderr.splitlines())
    assert "##[" not in done.stderr


def test_without_pip_and_venv_another_pythons_pip_installs(bare: Runner) -> None:
    """Where Python has neither pip nor venv, a pip on PATH is told which Python to install for."""
    bare.install("pip3", f'#!/bin/sh\nexec "{BASE_PYTHON}" -m pip "$@"\n')
    done = bare.launch("plan")
    assert done.returncode == 0, done.stderr


def test_without_pip_and_venv_uv_installs(bare: Runner, uv: Path) -> None:
    """With uv on the machine nothing else is needed."""
    bare.install("uv", uv)
    assert bare.launch("plan").returncode == 0


def test_nothing_that_installs(bare: Runner) -> None:
    """Without uv, pip and venv it ends with exit 2 and says what to add."""
    done = bare.launch("plan")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Remedy: Add a step with astral-sh/setup-uv or actions/setup-python" in done.stderr


def test_python_too_old(runner: Runner) -> None:
    """A runner whose only Python is too old ends with exit 2 and says what to add."""
    runner.install("python3", "#!/bin/sh\nexit 1\n")
    done = runner.launch("plan")
    assert done.returncode == 2
    assert "No Python 3.11 or newer" in done.stdout
    assert "Remedy: " in done.stdout


def test_a_newer_python_by_its_own_name(runner: Runner) -> None:
    """Where python3 is too old, a python3.12 beside it is used."""
    runner.install("python3", "#!/bin/sh\nexit 1\n")
    runner.install("python3.12", BASE_PYTHON)
    assert runner.launch("plan").returncode == 0


def test_the_folder_is_private(runner: Runner) -> None:
    """Only this user may look into the folder of environments."""
    assert runner.launch("plan").returncode == 0
    assert stat.S_IMODE((runner.temp / "promokit").stat().st_mode) == 0o700


def test_a_folder_that_others_may_write_is_refused(runner: Runner) -> None:
    """Packages that somebody else may have put there are not run."""
    (runner.temp / "promokit").mkdir()
    (runner.temp / "promokit").chmod(0o777)
    done = runner.launch("plan")
    assert done.returncode == 2
    assert "is not this user's alone. Remedy: " in done.stderr


def test_a_link_in_place_of_the_folder_is_refused(runner: Runner, tmp_path: Path) -> None:
    """A link to somewhere else is not followed."""
    (tmp_path / "elsewhere").mkdir()
    (runner.temp / "promokit").symlink_to(tmp_path / "elsewhere")
    assert runner.launch("plan").returncode == 2
    assert os.listdir(tmp_path / "elsewhere") == []


def test_no_folder_can_be_made(runner: Runner) -> None:
    """A RUNNER_TEMP that isn't a folder is one line with a remedy."""
    (runner.temp / "file").touch()
    done = runner.launch("plan", RUNNER_TEMP=str(runner.temp / "file"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Remedy: " in done.stderr


def test_without_a_runner_the_users_cache_is_used(runner: Runner) -> None:
    """Outside of a runner the environment goes to the user's own cache."""
    done = runner.launch("plan", RUNNER_TEMP="")
    assert Path(json.loads(done.stdout)["dependency"]).is_relative_to(runner.temp / ".cache/promokit")


def test_half_a_checkout(runner: Runner) -> None:
    """An action copied without the rest of promokit says so."""
    (runner.checkout / "src").rename(runner.checkout / "moved")
    done = runner.launch("plan")
    assert done.returncode == 2
    assert "Use the action from a whole checkout" in done.stderr
