"""PostgreSQL: a database and owner for each environment, reached over loopback and over the pods' bridges."""

from __future__ import annotations

import re
import secrets
import shutil
import signal
from pathlib import Path

from tests.lab import processes
from tests.lab.commands import run
from tests.lab.errors import LabError
from tests.lab.layout import CLUSTERS, DATA, ENVIRONMENTS, POSTGRES_PORT, RUN, Environment

USER = "postgres"
_FOLDER = DATA / "postgres"
_SOCKETS = RUN / "postgres"
_PASSWORDS = RUN / "postgres-passwords"


def start() -> None:
    """Make a new database cluster and start it; the bridges must be there."""
    for folder in (_FOLDER, _SOCKETS):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, USER, USER)
    run(
        program("initdb"),
        "--no-sync",
        "--auth=peer",
        "--encoding=UTF8",
        "--locale=C",
        "-D",
        _FOLDER,
        user=USER,
    )
    (_FOLDER / "pg_hba.conf").write_text(_access())
    addresses = ",".join(["127.0.0.1", *(cluster.node_address for cluster in CLUSTERS)])
    settings = {
        "listen_addresses": addresses,
        "port": POSTGRES_PORT,
        "unix_socket_directories": _SOCKETS,
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
    }
    flags = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    # SIGQUIT is PostgreSQL's immediate shutdown: its children end too.
    processes.start("postgres", [program("postgres"), "-D", _FOLDER, *flags], user=USER, stop_signal=signal.SIGQUIT)


def wait() -> None:
    """Wait until PostgreSQL answers, and make the databases."""
    processes.wait_until(
        "postgres", _answers, seconds=30, remedy=f"look whether another program uses port {POSTGRES_PORT}."
    )
    recreate()


def recreate() -> None:
    """Drop the environments' databases, whoever is connected, and make them anew, with the same passwords."""
    passwords = _passwords()
    statements = []
    for environment in ENVIRONMENTS:
        name = environment.database
        statements += [
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"DO $$ BEGIN CREATE ROLE {name} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            f"ALTER ROLE {name} PASSWORD '{passwords[environment.name]}'",
            f"CREATE DATABASE {name} OWNER {name}",
        ]
    _psql(";\n".join([*statements, ""]))


def host_url(environment: Environment) -> str:
    """The database's URL for programs on this machine."""
    return _url(environment, "127.0.0.1")


def pod_url(environment: Environment) -> str:
    """The database's URL for pods of the environment."""
    return _url(environment, environment.cluster.node_address)


def program(name: str) -> Path:
    """A program of the newest PostgreSQL that Debian's packages brought; they keep it off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    if not found:
        raise LabError(f"PostgreSQL's {name} isn't there.", "apt-get install postgresql")
    return found[-1]


def _access() -> str:
    """pg_hba.conf: the superuser by the socket, an owner by password from loopback and the pods' subnets."""
    networks = ["127.0.0.1/32", *(cluster.subnet for cluster in CLUSTERS)]
    owners = [
        f"host {it.database} {it.database} {network} scram-sha-256" for it in ENVIRONMENTS for network in networks
    ]
    return "\n".join(["local all postgres peer", *owners, ""])


def _answers() -> bool:
    try:
        _psql("SELECT 1")
    except LabError:
        return False
    return True


def _psql(statements: str) -> str:
    """Run statements as the superuser. On stdin, so that no error shows a password."""
    where = ("-h", _SOCKETS, "-p", str(POSTGRES_PORT), "-d", "postgres")
    return run(program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, stdin=statements, user=USER)


def _passwords() -> dict[str, str]:
    """A password for each environment, made once for each run of the lab."""
    if not _PASSWORDS.is_file():
        _PASSWORDS.touch(mode=0o600)
        _PASSWORDS.write_text("\n".join(f"{it.name} {secrets.token_hex(12)}" for it in ENVIRONMENTS))
    return dict(line.split() for line in _PASSWORDS.read_text().splitlines())


def _url(environment: Environment, host: str) -> str:
    name, password = environment.database, _passwords()[environment.name]
    return f"postgresql://{name}:{password}@{host}:{POSTGRES_PORT}/{name}?sslmode=disable"


def _version(path: Path) -> int:
    match = re.search(r"/(\d+)/bin/", str(path))
    return int(match[1]) if match else 0
