"""What could stand in a promotion's way later, told before: in the registries, and on the nodes."""

from __future__ import annotations

from collections.abc import Iterator

from promokit.cluster.nodes import node_platforms
from promokit.errors import PromokitError
from promokit.gates.platform import lacking
from promokit.image import Digest, ImageRef
from promokit.ledger.record import succeeded
from promokit.model import Environment, Pipeline
from promokit.promotion.clients import Clients
from promokit.promotion.finding import Finding, found_by
from promokit.promotion.image_checks import Images, all_there, named, none_expires, tags_stay
from promokit.promotion.survey import Survey, survey


def check(pipeline: Pipeline, *, clients: Clients | None = None) -> tuple[Finding, ...]:
    """Check every environment of a pipeline, and the repositories of the images that they run or may go back to.

    Reads only. Nothing is raised for what can't be asked: that is a finding too.
    """
    clients = clients or Clients()
    settings = pipeline.image
    images = {settings.repository: Images(settings.repository)}
    findings = [found for each in pipeline.environments.values() for found in _environment(each, clients, images)]
    findings += tags_stay(clients.registry(settings.repository), settings)
    for name, each in images.items():
        findings += all_there(clients.registry(name), each)
        findings += none_expires(clients.registry(name), each)
    return tuple(findings)


def _environment(environment: Environment, clients: Clients, images: dict[str, Images]) -> list[Finding]:
    """Check an environment, and enter its images into those of their repositories."""

    def ask() -> Iterator[Finding]:
        found = survey(environment, clients)
        running = _running(found)
        before = [_pinned(each.image) for each in succeeded(found.book.lines)]
        for image in {*running, *(each for each in before if each)}:
            used = images.setdefault(image.name, Images(image.name)).used
            used.setdefault(image, set()).add(environment.name)
        for proof in found.proofs.values():
            if proof.digest is None:
                sentence = f"what {proof.workload} runs isn't proven: {proof.reason}"
                yield Finding(environment.name, "warning", sentence, proof.remedy)
        yield from _platforms(environment, running, clients)

    return found_by(environment.name, ask)


def _running(found: Survey) -> list[ImageRef]:
    """The images that are proven to run, each once."""
    proven = [_pinned(each.image, each.digest) for each in found.proofs.values() if each.digest]
    return list(dict.fromkeys(each for each in proven if each))


def _pinned(image: str, digest: Digest | None = None) -> ImageRef | None:
    """The image with its digest; None where it has none or is no reference."""
    try:
        found = ImageRef.parse(image)
    except PromokitError:
        return None
    found = found.with_(digest=digest) if digest else found
    return found if found.digest else None


def _platforms(environment: Environment, running: list[ImageRef], clients: Clients) -> list[Finding]:
    subject = f"{environment.name}: platforms"
    try:
        nodes = node_platforms(clients.namespace(environment).transport)
    except PromokitError as error:
        return [Finding(subject, "skipped", error.what, "let this role get and list nodes, or compare by hand")]

    def ask() -> Iterator[Finding]:
        for image in running if nodes else ():
            yield _runs_on(image, nodes, subject, clients)

    return found_by(subject, ask)


def _runs_on(image: ImageRef, nodes: tuple[str, ...], subject: str, clients: Clients) -> Finding:
    assert image.digest is not None  # noqa: S101 - it runs, so it is known
    lacks = lacking(nodes, clients.registry(image.name).platforms_of(image.name, image.digest))
    if not lacks:
        return Finding(subject, "ok", f"{named(image)} has {', '.join(nodes)}, which the nodes are")
    sentence = f"{named(image)} lacks {', '.join(lacks)}, which some nodes are"
    return Finding(subject, "warning", sentence, "build it for that platform too, or keep its pods off those nodes")
