from typing import Any

from promokit.migration.log import LogStreams
from tests.cluster.api_server import ApiServer

WORDS = ["pod-1  adding a column", "pod-1  done"]


def printed(api: ApiServer) -> list[str]:
    """What is printed of a Job whose one pod has ended."""
    status: dict[str, Any] = {"name": "migrate", "state": {"terminated": {"exitCode": 0}}}
    pod = {
        "metadata": {"labels": {"batch.kubernetes.io/job-name": "migrate-1"}},
        "spec": {"containers": [{"name": "migrate"}]},
        "status": {"phase": "Succeeded", "containerStatuses": [status]},
    }
    api.put("pods", "pod-1", pod)
    api.logs["pod-1/migrate"] = "adding a column\ndone\n"
    lines: list[str] = []
    LogStreams(api.namespace(), "migrate-1", lines.append).finish()
    return lines


def test_a_log_is_printed_whole(api: ApiServer) -> None:
    """Each line with its pod."""
    assert printed(api) == WORDS


def test_a_log_that_is_cut_goes_on_where_it_broke_off(api: ApiServer) -> None:
    """What was printed isn't printed again."""
    api.fail(200, path="/log", broken=True, body=b"adding a column\n")
    assert printed(api) == WORDS


def test_a_log_is_asked_for_again_where_the_server_is_in_trouble(api: ApiServer) -> None:
    """It waits as long as it is told to."""
    api.fail(429, path="/log", headers={"Retry-After": "1"})
    assert printed(api) == WORDS


def test_a_log_that_may_not_be_read_is_done_without(api: ApiServer) -> None:
    """The verdict doesn't hang on it; it is asked for once."""
    api.fail(403, path="/log", times=100)
    assert printed(api) == []
    assert sum(each.path.endswith("/log") for each in api.calls) == 1
