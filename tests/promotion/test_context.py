import os
import re
import socket
import subprocess
import sys

from promokit.promotion.context import Context

RUN = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_REPOSITORY": "acme/credreg",
    "GITHUB_REF": "refs/heads/master",
    "GITHUB_ACTOR": "alice",
    "GITHUB_TRIGGERING_ACTOR": "bob",
    "GITHUB_SERVER_URL": "https://github.example.com",
}


def test_a_github_run_acts_as_who_triggered_it() -> None:
    """The lease's holder is the run and its attempt: all steps of a job share it."""
    context = Context.of(RUN)
    assert context.actor == "bob"
    assert context.run_url == "https://github.example.com/acme/credreg/actions/runs/7"
    assert context.holder == "https://github.example.com/acme/credreg/actions/runs/7/attempts/2"
    assert (context.run_id, context.attempt, context.ref) == (7, 2, "refs/heads/master")


def test_without_a_triggering_actor_the_actor_counts() -> None:
    """A runner that doesn't tell it leaves the first one."""
    assert Context.of({**RUN, "GITHUB_TRIGGERING_ACTOR": ""}).actor == "alice"


def test_a_person_at_a_terminal_is_named_by_user_and_host() -> None:
    """Two commands of one person are two holders, also if a later one has the number of one that crashed."""
    context = Context.of({"USER": "zoë"})
    assert context.actor == f"zoë@{socket.gethostname()}"
    assert re.fullmatch(rf"{re.escape(context.actor)} \(process {os.getpid()}, [0-9a-f]{{6}}\)", context.holder)
    assert Context.of({"USER": "zoë"}).holder == context.holder
    other = "from promokit.promotion.context import Context; print(Context.of({'USER': 'zoë'}).holder)"
    there = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True).stdout
    assert there.rpartition(", ")[2].strip() not in {"", context.holder.rpartition(", ")[2]}
    assert (context.run_id, context.run_url, context.ref) == (None, "", None)


def test_variables_that_only_look_like_a_run_are_none() -> None:
    """Without GITHUB_ACTIONS=true, or with an id that is none, it is a person."""
    assert Context.of({**RUN, "GITHUB_ACTIONS": "", "USER": "x"}).run_id is None
    assert Context.of({**RUN, "GITHUB_RUN_ID": "seven", "USER": "x"}).run_id is None
