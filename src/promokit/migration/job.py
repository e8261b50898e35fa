"""From a Job template and an image to the Job that is created. Pure, but for reading the file."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from promokit.cluster.objects import Job
from promokit.errors import ConfigError
from promokit.image import Digest, ImageRef

MIGRATION = "promokit/migration"
DIGEST = "promokit/digest"


def read_template(file: Path) -> dict[str, Any]:
    """Read a Job template; ConfigError when the file holds anything but one batch/v1 Job with a name."""
    try:
        documents = [each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if each]
    except OSError as error:
        raise ConfigError(
            f"cannot read {file}: {error.strerror}", remedy="mend migration.job in promokit.yaml"
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not YAML", remedy="mend the syntax") from error
    if len(documents) != 1 or not _is_job(documents[0]):
        raise ConfigError(f"{file} is not one Job with a name", remedy="keep exactly one batch/v1 Job in it")
    template: dict[str, Any] = documents[0]
    return template


def template_digest(template: dict[str, Any]) -> str:
    """Name a template by its content, for plans to compare."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


def render(template: dict[str, Any], image: ImageRef, attempt: int) -> dict[str, Any]:
    """Return the Job of one attempt: the template with the image in each of its containers, named by the digest.

    The template is suspended, so that applying the folder runs nothing; the Job isn't.
    """
    assert image.digest is not None  # noqa: S101 - a promoted image has one
    job = copy.deepcopy(template)
    job["metadata"] = {**job["metadata"], "name": job_name(template["metadata"]["name"], image.digest, attempt)}
    labels = {**job["metadata"].get("labels", {}), **labels_of(template, image.digest)}
    job["metadata"]["labels"] = labels
    job["spec"]["suspend"] = False
    pod = job["spec"]["template"]
    for container in pod["spec"]["containers"]:
        if _same_repository(container.get("image", ""), image) or len(pod["spec"]["containers"]) == 1:
            container["image"] = str(image)
    return job


def job_name(name: str, digest: Digest, attempt: int) -> str:
    """Return a Job's name: the template's, the digest's first 10 digits, the attempt; at most 63 characters."""
    return f"{name[:45]}-{digest.hex[:10]}-{attempt}"


def labels_of(template: dict[str, Any], digest: Digest) -> dict[str, str]:
    """Return the labels that find the Jobs of an image's migration (a label's value has at most 63 characters)."""
    return {MIGRATION: str(template["metadata"]["name"])[:63], DIGEST: digest.hex[:40]}


def attempt_of(job: Job) -> int:
    """Return the attempt that a Job is, by its name."""
    _, _, number = job.name.rpartition("-")
    return int(number) if number.isdecimal() else 0


def newest(jobs: Sequence[Job]) -> Job | None:
    """Return the newest attempt among the Jobs of one image's migration."""
    return max(jobs, key=attempt_of, default=None)


def _is_job(document: object) -> bool:
    return (
        isinstance(document, dict)
        and document.get("apiVersion") == "batch/v1"
        and document.get("kind") == "Job"
        and bool(document.get("metadata", {}).get("name"))
    )


def _same_repository(image: str, wanted: ImageRef) -> bool:
    try:
        return ImageRef.parse(image).name == wanted.name
    except ConfigError:
        return False
