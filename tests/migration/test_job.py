import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from promokit.errors import ConfigError
from promokit.migration.job import (
    DIGEST,
    MIGRATION,
    attempt_of,
    job_name,
    labels_of,
    newest,
    read_template,
    render,
    template_digest,
)
from tests.factories import REPOSITORY, digest, image, job

ROOT = Path(__file__).parent.parent.parent
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def template(*containers: tuple[str, str], name: str = "db-migrate") -> dict[str, Any]:
    parts = [{"name": each, "image": its} for each, its in containers or (("migrate", "placeholder"),)]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {"app": "db-migrate"}},
        "spec": {"suspend": True, "backoffLimit": 1, "template": {"spec": {"containers": parts}}},
    }


def images(rendered: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["image"] for each in rendered["spec"]["template"]["spec"]["containers"]}


def test_a_job_is_the_template_with_the_image_and_its_own_name() -> None:
    """It runs though the template is suspended, and keeps the rest."""
    made = render(template(), image(), 2)
    assert made["metadata"]["name"] == "db-migrate-aaaaaaaaaa-2"
    assert made["metadata"]["labels"] == {"app": "db-migrate", MIGRATION: "db-migrate", DIGEST: "a" * 40}
    assert made["spec"]["suspend"] is False
    assert made["spec"]["backoffLimit"] == 1
    assert images(made) == {"migrate": str(image())}


def test_the_template_stays_as_it_was() -> None:
    """Rendering twice gives the same: the template is copied."""
    of = template()
    render(of, image("b"), 1)
    assert of == template()


def test_the_image_goes_into_the_containers_of_its_repository() -> None:
    """A proxy beside the migration keeps its own image."""
    of = template(("migrate", f"{REPOSITORY}:old"), ("proxy", "docker.io/envoy:1"))
    assert images(render(of, image(), 1)) == {"migrate": str(image()), "proxy": "docker.io/envoy:1"}


def test_a_job_that_would_not_run_the_image_is_wrong_use() -> None:
    """Several containers, none of this repository: running the migration of another image would look like success."""
    of = template(("migrate", "registry.example.com/other:1"), ("proxy", "docker.io/envoy:1"))
    with pytest.raises(ConfigError, match="no container"):
        render(of, image(), 1)


@pytest.mark.parametrize("name", ["m", "a" * 253, "a" * 44 + "-" + "b" * 60, "a" * 62 + "-b"])
def test_names_and_labels_are_ones_that_kubernetes_takes(name: str) -> None:
    """At most 63 characters, beginning and ending in a letter or digit, whatever the template's name."""
    made = render(template(name=name), image(), 999)
    assert len(made["metadata"]["name"]) <= 63
    assert all(LABEL.fullmatch(each) for each in made["metadata"]["labels"].values())


def test_another_digest_is_another_job() -> None:
    """The name and the labels tell the migrations of two images apart."""
    assert job_name("m", digest("a"), 1) != job_name("m", digest("b"), 1)
    assert labels_of(template(), digest("a")) != labels_of(template(), digest("b"))


def test_the_newest_attempt_is_found_by_its_number() -> None:
    """Attempt 10 comes after attempt 9."""
    jobs = [job(name=f"db-migrate-aaaaaaaaaa-{number}") for number in (9, 10, 2)]
    found = newest(jobs)
    assert found is not None
    assert attempt_of(found) == 10
    assert newest([]) is None
    assert attempt_of(job(name="made-by-hand")) == 0


def test_a_template_is_named_by_its_content() -> None:
    """The order of keys doesn't matter, a changed limit does."""
    reordered = dict(reversed(template().items()))
    assert template_digest(template()) == template_digest(reordered)
    assert template_digest(template()) != template_digest({**template(), "spec": {}})


@pytest.mark.parametrize("environment", ["test", "sandbox", "prod"])
def test_the_committed_templates_are_read(environment: str) -> None:
    """Each environment of the repository has a Job that promokit can render."""
    of = read_template(ROOT / f"k8s-manifests-{environment}/db-migrate.yaml")
    assert render(of, image(), 1)["kind"] == "Job"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not one Job"),
        (b"kind: Job\nmetadata: {name: x}\n", "is not one Job"),
        (b"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\n", "is not one Job"),
        (b"apiVersion: batch/v1\nkind: Job\nmetadata: {}\n", "is not one Job"),
        (b"apiVersion: batch/v1\nkind: Job\nmetadata: x\n", "is not one Job"),
        (b"apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\nspec: {}\n", "is not one Job"),
        (b"apiVersion: batch/v1\nkind: Job\nmetadata: {name: 7}\n", "is not one Job"),
        (yaml.safe_dump_all([template(), template()]).encode(), "is not one Job"),
        (b"- a\n", "is not one Job"),
        (b"a: [", "is not YAML"),
        (b"at: 2026-13-45", "is not YAML"),
        (b"\xff\xfe\x00", "is not YAML"),
    ],
)
def test_a_file_that_is_no_job_is_wrong_use(tmp_path: Path, content: bytes, told: str) -> None:
    """It is told before anything is changed, with the file's name and a remedy."""
    file = tmp_path / "job.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=told) as caught:
        read_template(file)
    assert str(file) in str(caught.value)
    assert caught.value.remedy


def test_a_template_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    """The path is the configuration's."""
    with pytest.raises(ConfigError, match="No such file"):
        read_template(tmp_path / "job.yaml")
