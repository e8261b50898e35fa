"""Builds the lab's Go programs, each once: the cache knows a build by its sources and Go's version."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import Factory, evolve, frozen

from tests.lab import toolchain
from tests.lab.errors import LabError
from tests.lab.layout import CACHE, SOURCES

_VERSION = "k8s.io/component-base/version"

COMPILING = {
    # The linker leaves DWARF out (-s -w): a compiler that doesn't make it first is a fifth faster, for the same code.
    "GOFLAGS": "-gcflags=all=-dwarf=false",
    # A compiler lives for a moment: a fifth faster again where it collects no garbage. The few large ones do.
    "GOGC": "off",
    "GOMEMLIMIT": "1536MiB",
}
"""For all that compiles here, the workflows' steps too: Go's cache gives a package only to who compiles it alike."""


@frozen
class Recipe:
    """How the module in a folder under `go/` is built: package by program (go names it as the package's path ends),
    linker flags, and a program's further names (hard links)."""

    packages: dict[str, str]
    linker: str = ""
    names: Mapping[str, tuple[str, ...]] = Factory(dict)
    folder: str = ""
    """Where it isn't named like the recipe."""


_CONTROL_PLANE = Recipe(
    {"etcd": "./etcd", "kubernetes": "./kubernetes"},
    linker=f"-X {_VERSION}.gitVersion=v1.36.3 -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=36",
    names={"kubernetes": ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")},
    folder="programs",
)
_BUILDKIT = {
    "buildkitd": "github.com/moby/buildkit/cmd/buildkitd",
    "buildx": "github.com/docker/buildx/cmd/buildx",
}
RECIPES = {
    "programs": evolve(_CONTROL_PLANE, packages=_CONTROL_PLANE.packages | _BUILDKIT),
    "control-plane": _CONTROL_PLANE,
    "kwok": Recipe({"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
    "helm": Recipe({"helm": "helm.sh/helm/v4/cmd/helm"}),
    "pause": Recipe({"pause": "."}),
    "actor": Recipe({"actor": "."}),
    "actionlint": Recipe({"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"}),
    "references": Recipe({"references": "."}),
}


def build(name: str) -> Path:
    """The folder with the programs of `go/NAME`, built if the cache hasn't them. LabError if that fails."""
    recipe = RECIPES[name]
    target = CACHE / "bin" / f"{name}-{_key(name, recipe)}"
    with _locked(name):
        if not target.is_dir():
            _build_into(target, name, recipe)
    return target


def cached(name: str) -> bool:
    """Whether `build` would have nothing to do."""
    return (CACHE / "bin" / f"{name}-{_key(name, RECIPES[name])}").is_dir()


@contextmanager
def fetched_ahead(names: Iterable[str]) -> Iterator[None]:
    """Fetch the modules of all that is still to be built, in the background, while the first of it compiles."""
    fetching = [
        subprocess.Popen(
            [str(toolchain.go()), "list", "-deps", *RECIPES[name].packages.values()],
            cwd=_sources(name),
            env=_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in names
        if not cached(name)
    ]
    try:
        yield
    finally:
        for process in fetching:
            process.terminate()
            process.wait()


def _build_into(target: Path, name: str, recipe: Recipe) -> None:
    began = time.monotonic()
    print(f"lab: building {name} (once; a few minutes for the large ones)", file=sys.stderr, flush=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    unfinished.mkdir(parents=True, exist_ok=True)
    try:
        _go_build(name, recipe, unfinished)
        for program, others in recipe.names.items():
            for other in others:
                (unfinished / other).hardlink_to(unfinished / program)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(f"lab: built {name} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _go_build(name: str, recipe: Recipe, output: Path) -> None:
    flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", f"-s -w {recipe.linker}".strip()]
    argv = [str(toolchain.go()), "build", *flags, "-o", f"{output}/", *recipe.packages.values()]
    try:
        subprocess.run(argv, cwd=_sources(name), env=_environ(), check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError:
        raise LabError(
            f"{', '.join(recipe.packages)} (in {_sources(name)}) couldn't be built; go's words are above.",
            "make the Go module proxy reachable (GOPROXY), or free some disk: the build needs about 6 GB.",
        ) from None


def _environ() -> dict[str, str]:
    return {**os.environ, **COMPILING, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def _sources(name: str) -> Path:
    return SOURCES / (RECIPES[name].folder or name)


def _key(name: str, recipe: Recipe) -> str:
    """Names a build by all that decides it: the sources, Go's version and the recipe."""
    told = hashlib.sha256(repr((recipe, toolchain.version_of(toolchain.go()))).encode())
    for source in sorted(path for path in _sources(name).rglob("*") if path.is_file()):
        told.update(f"\0{source.relative_to(SOURCES)}\0".encode() + source.read_bytes())
    return told.hexdigest()[:16]


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Two runs at once build one thing once."""
    (CACHE / "bin").mkdir(parents=True, exist_ok=True)
    with (CACHE / "bin" / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
