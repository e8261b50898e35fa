"""What the digests that runtimes tell mean, by the registry's word: an index, an image of it, or a config of these."""

from __future__ import annotations

from attrs import evolve

from promokit.identity.asked import AskedOnce
from promokit.identity.proof import Proof
from promokit.image import Digest

_OPEN = {"two-digests", "no-digest", "spec-differs"}


def looked_up(proof: Proof, registry: AskedOnce) -> Proof:
    """Return the proof that the registry makes of a doubt about digests; the same doubt where it makes none.

    Proven is then the digest that the spec asks for, else the one that the spec's tag points to: if each Ready pod told
    that digest, that of an image in its index (CRI-O), or that of a config of these (an imported image). A digest that
    is proven without a pin may be that of one image of an index: then the index is what runs. Errors: those of the
    registry.
    """
    if proof.reason not in _OPEN and not (proof.reason == "proven" and proof.pinned is None):
        return proof
    index = None if None in proof.told else _asked_for(proof, registry)
    if index is None or not _meant(proof, index, registry):
        return proof
    return evolve(proof, reason="proven", digest=index)


def _asked_for(proof: Proof, registry: AskedOnce) -> Digest | None:
    """The digest of the spec; of a spec without one, what its tag means now."""
    reference = proof.reference
    if reference is None or reference.digest is not None:
        return reference.digest if reference else None
    found = registry.tagged(reference.name, reference.tag or "latest")
    return found.digest if found else None


def _meant(proof: Proof, index: Digest, registry: AskedOnce) -> bool:
    """Say whether all that was told is of the index. Its images are fetched only where their names don't explain it."""
    reference = proof.reference
    left = set(proof.told) - {index}
    if not left or reference is None:
        return not left
    manifest = registry.manifest(reference.name, index)
    if manifest is None:
        return False
    left -= {*manifest.children, manifest.config}
    for child in manifest.children if left else ():
        image = registry.manifest(reference.name, child)
        left -= {image.config} if image else set()
    return not left
