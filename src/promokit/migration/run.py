"""The ungated primitive: run an image's migration once, its log streamed, to a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import evolve

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Job
from promokit.cluster.parse import parse_job
from promokit.cluster.patience import patiently
from promokit.cluster.transport import Busy, Conflict
from promokit.errors import PromokitError, Unreachable
from promokit.image import Digest, ImageRef
from promokit.migration.job import attempt_of, job_name, labels_of, newest, read_template, render
from promokit.migration.log import LogStreams
from promokit.migration.verdict import MigrationVerdict, judge_job

LOOK_EVERY_SECONDS = 0.2
LONGEST_PAUSE = 30.0


def run_migration(
    namespace: Namespace,
    template_file: Path,
    image: ImageRef,
    *,
    timeout: float = 900.0,
    blind_for: float = 60.0,
    progress: Callable[[str], None] = lambda text: None,
    stopped: Callable[[], str | None] = lambda: None,
    confirm: Callable[[], None] = lambda: None,
) -> MigrationVerdict:
    """Run the migration of `image` unless it succeeded here already; a failed attempt is followed by a new Job.

    No gates are asked. `confirm` is called before a Job is created and before success is said; it may raise. Errors:
    ConfigError for the template, ApiError when the Job is refused, Unreachable before anything was changed.
    """
    template = read_template(template_file)
    assert image.digest is not None  # noqa: S101 - a promoted image has one
    last = newest(migration_jobs(namespace, template, image.digest))
    if last is not None and judge_job(last, last.name).outcome == "succeeded":
        return MigrationVerdict("succeeded", "already-done", last.name)
    running = last if last is not None and not judge_job(last, last.name).final else None
    if running is None:
        confirm()
    attempt = attempt_of(last) + 1 if last else 1
    name = running.name if running else _create(namespace, template, image, attempt, blind_for)
    started = time.monotonic()
    verdict = _followed(namespace, name, timeout, blind_for, progress, stopped)
    if verdict.outcome == "succeeded":
        _still(confirm)
    return evolve(verdict, changed=running is None, seconds=time.monotonic() - started)


def _still(confirm: Callable[[], None]) -> None:
    """Ask again after the Job has run: what is raised now comes after a change."""
    try:
        confirm()
    except PromokitError as error:
        error.changed = True
        raise


def migration_jobs(namespace: Namespace, template: dict[str, Any], digest: Digest) -> list[Job]:
    """Return the Jobs of an image's migration that are still there."""
    selector = ",".join(f"{key}={value}" for key, value in labels_of(template, digest).items())
    return namespace.jobs(selector)


def migrated(namespace: Namespace, template_file: Path, digest: Digest) -> bool:
    """Say whether a Job of this image's migration has succeeded here and is still there to show it."""
    jobs = migration_jobs(namespace, read_template(template_file), digest)
    return any(each.condition("Complete") for each in jobs)


def _create(namespace: Namespace, template: dict[str, Any], image: ImageRef, attempt: int, patience: float) -> str:
    assert image.digest is not None  # noqa: S101
    name, job = job_name(template["metadata"]["name"], image.digest, attempt), render(template, image, attempt)
    with suppress(Conflict):  # the answer to an earlier try was lost; the Job is ours by its name
        patiently(lambda: namespace.create("jobs", job), time.monotonic() + patience)
    return name


def _followed(
    namespace: Namespace,
    name: str,
    timeout: float,
    blind_for: float,
    progress: Callable[[str], None],
    stopped: Callable[[], str | None],
) -> MigrationVerdict:
    started = seen = time.monotonic()
    log = LogStreams(namespace, name, progress)
    while True:
        if word := stopped():
            return MigrationVerdict("inconclusive", word, name)
        try:
            data = namespace.get("jobs", name)
            seen = time.monotonic()
        except Unreachable as error:
            if time.monotonic() - seen > blind_for:
                return MigrationVerdict("inconclusive", "blind", name, error.what)
            wanted = error.retry_after if isinstance(error, Busy) else None
            time.sleep(min(max(wanted or 0.0, LOOK_EVERY_SECONDS), LONGEST_PAUSE))
            continue
        verdict = judge_job(parse_job(data) if data else None, name)
        if verdict.final:
            log.finish()
            return verdict
        log.follow_new()
        if time.monotonic() - started > timeout:
            return MigrationVerdict("timed_out", "timeout", name)
        time.sleep(LOOK_EVERY_SECONDS)
