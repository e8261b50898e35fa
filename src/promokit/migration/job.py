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
    """Read a Job template; ConfigError when the file holds anything but one batch/v1 Job with a name and containers."""
    try:
        documents = [each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if each]
    except OSError as error:
        raise ConfigError(
            f"cannot read {file}: {error.strerror}", remedy="mend migration.job in promokit.yaml"
        ) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that isn't one
        raise ConfigError(f"{file} is not YAML", remedy="mend the syntax") from error
    if len(documents) != 1 or not _is_job(documents[0]):
        raise ConfigError(
            f"{file} is not one Job with a name and containers", remedy="keep exactly one batch/v1 Job in it"
        )
    template: dict[str, Any] = documents[0]
    return template


def template_digest(template: dict[str, Any]) -> str:
    """Name a template by its content, for plans to compare."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


def render(template: dict[str, Any], image: ImageRef, attempt: int) -> dict[str, Any]:
    """Return the Job of one attempt: the template with the image in its containers of that repository, or its only one.

    The template is suspended, so that applying the folder runs nothing; the Job isn't. ConfigError when none of several
    containers is of the image's repository.
    """
    assert image.digest is not None  # noqa: S101 - a promoted image has one
    job = copy.deepcopy(template)
    job["metadata"] = {**job["metadata"], "name": job_name(template["metadata"]["name"], image.digest, attempt)}
    labels = {**job["metadata"].get("labels", {}), **labels_of(template, image.digest)}
    job["metadata"]["labels"] = labels
    job["spec"]["suspend"] = False
    containers = job["spec"]["template"]["spec"]["containers"]
    ours = [each for each in containers if _same_repository(each.get("image", ""), image)]
    if not ours and len(containers) > 1:
        raise ConfigError(
            f"no container of the Job {template['metadata']['name']} runs {image.name}",
            remedy="name the image's repository in the template's container that migrates",
        )
    for container in ours or containers:
        container["image"] = str(image)
    return job


def job_name(name: str, digest: Digest, attempt: int) -> str:
    """Return a Job's name: the template's, the digest's first 10 digits, the attempt; at most 63 characters."""
    return f"{name[:45]}-{digest.hex[:10]}-{attempt}"


def labels_of(template: dict[str, Any], digest: Digest) -> dict[str, str]:
    """Return the labels that find the Jobs of an image's migration (a label's value has at most 63 characters)."""
    return {MIGRATION: str(template["metadata"]["name"])[:63].rstrip("-."), DIGEST: digest.hex[:40]}


def attempt_of(job: Job) -> int:
    """Return the attempt that a Job is, by its name."""
    _, _, number = job.name.rpartition("-")
    return int(number) if number.isdecimal() else 0


def newest(jobs: Sequence[Job]) -> Job | None:
    """Return the newest attempt among the Jobs of one image's migration."""
    return max(jobs, key=attempt_of, default=None)


def _is_job(document: object) -> bool:
    try:
        return (
            isinstance(document, dict)
            and (document["apiVersion"], document["kind"]) == ("batch/v1", "Job")
            and isinstance(document["metadata"]["name"], str)
            and all(isinstance(each, dict) for each in document["spec"]["template"]["spec"]["containers"])
        )
    except (KeyError, TypeError):
        return False


def _same_repository(image: str, wanted: ImageRef) -> bool:
    try:
        return ImageRef.parse(image).name == wanted.name
    except ConfigError:
        return False
