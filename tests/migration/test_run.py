from pathlib import Path

import pytest
import yaml

from promokit.image import ImageRef
from promokit.migration.run import run_migration
from promokit.migration.verdict import MigrationVerdict
from tests.cluster.api_server import ApiServer, Key
from tests.factories import image


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A migration's Job template."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "migrate", "image": "registry"}]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate"},
        "spec": {"suspend": True, "template": {"spec": pod}},
    }
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(job))
    return file


def migrated(api: ApiServer, template: Path, blind_for: float = 60.0) -> MigrationVerdict:
    """Run the migration in a cluster where each Job succeeds at once."""

    def complete(key: Key) -> None:
        if key[1] == "jobs":
            api.objects[key]["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}

    api.reactions.append(complete)
    return run_migration(api.namespace(), template, ImageRef.parse(str(image("a"))), blind_for=blind_for)


def asked(api: ApiServer) -> int:
    return sum(each.method == "GET" and "/jobs/" in each.path for each in api.calls)


def test_a_job_that_is_hidden_for_a_while_is_followed_on(api: ApiServer, template: Path) -> None:
    """It runs, whatever the server answers meanwhile: rights that are taken away, or too much to do."""
    api.fail(403, method="GET", path="/jobs/")
    api.fail(429, method="GET", path="/jobs/", headers={"Retry-After": "1"})
    assert (migrated(api, template).outcome, asked(api)) == ("succeeded", 3)


def test_a_job_that_stays_hidden_is_inconclusive(api: ApiServer, template: Path) -> None:
    """It was made, and nobody can say how it ended."""
    api.fail(403, method="GET", path="/jobs/", times=1000)
    verdict = migrated(api, template, blind_for=0.1)
    assert (verdict.outcome, verdict.reason, verdict.changed) == ("inconclusive", "blind", True)


def test_a_server_that_has_too_much_to_do_is_asked_when_it_says(api: ApiServer, template: Path) -> None:
    """After the pause that it asks for, not each half second."""
    api.fail(429, method="GET", path="/jobs/", headers={"Retry-After": "1"}, times=1000)
    assert (migrated(api, template, blind_for=0.9).reason, asked(api)) == ("blind", 2)
