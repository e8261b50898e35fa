"""The order in which the lab starts, for real or simulated, and ends."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.lab import (
    build,
    buildkit,
    certificates,
    cgroups,
    controlplane,
    doubles_program,
    kwok,
    network,
    node,
    packages,
    postgres,
    processes,
    registry,
    seed,
    state,
    storage,
    sysctls,
    toolchain,
)
from tests.lab.layout import BIN, CLUSTERS, REAL
from tests.lab.progress import say, step

_BUILT = ("pause", "programs") if REAL else ("kwok", "control-plane")


def prepare() -> None:
    """Do what takes long once: packages and builds."""
    with build.fetched_ahead(_BUILT):
        for name in packages.install():
            say(f"installed {name}")
        for name in _BUILT:
            build.build(name)


def start() -> None:
    """Start everything in the order in which one needs the other, and seed it."""
    with step("clear what an earlier run left"):
        clear()
    with step("certificates, bridges"):
        _make_ground()
    for cluster in CLUSTERS:
        controlplane.start_api(cluster)
    if REAL:
        _start_services()
    state.write()
    doubles_program.start()
    with step("API servers answer"):
        for cluster in CLUSTERS:
            controlplane.wait_for_api(cluster)
            controlplane.start_controllers(cluster)
    with step("nodes are Ready"):
        _start_nodes()
    with step("seed"):
        doubles_program.wait()
        seed.seed()


def clear() -> None:
    """End and remove everything, in the order in which one holds the other."""
    processes.stop(processes.recorded())
    processes.kill_marked()
    if REAL:
        cgroups.remove_all()
        network.remove_all()
        sysctls.restore()
    storage.remove_all()
    for point in node.MOUNT_POINTS:
        with contextlib.suppress(OSError):
            Path(point).rmdir()  # only where it's empty: somebody else's stays


def _make_ground() -> None:
    BIN.mkdir(parents=True)
    for name in _BUILT:
        for program in build.build(name).iterdir():
            (BIN / program.name).symlink_to(program)
    # The workflows' steps compile the example with it, where the machine has none.
    (BIN / "go").symlink_to(toolchain.go())
    storage.make()
    if REAL:
        sysctls.keep()
    for cluster in CLUSTERS:
        if REAL:
            network.make(cluster)
        certificates.make(cluster)
    certificates.write_admin_kubeconfig(CLUSTERS)


def _start_services() -> None:
    with step("registry, buildkitd, PostgreSQL"):
        registry.start()
        buildkit.start()
        postgres.start()
        registry.wait()
        postgres.wait()
        buildkit.wait()
        buildkit.push_pause_image()


def _start_nodes() -> None:
    for cluster in CLUSTERS:
        if REAL:
            node.start(cluster)
        else:
            kwok.start(cluster)
    for cluster in CLUSTERS:
        node.wait_until_ready(cluster)
