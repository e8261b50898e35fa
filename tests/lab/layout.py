"""What the lab is made of: its folders, addresses and clusters. Every number and path of the lab is here."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from attrs import frozen

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "go"
OWN_FOLDER = "PROMOKIT_LAB_FOLDER"
"""The variable that says another folder than the lab's, for clusters beside it."""
REAL = os.geteuid() == 0 and OWN_FOLDER not in os.environ
"""Whether the lab has real nodes; without root, or beside the lab, they are simulated."""
_TEMPORARY = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
_HOME = Path(os.environ.get(OWN_FOLDER) or _TEMPORARY / f"promokit-lab-{os.geteuid()}")
RUN = Path("/run/promokit-lab") if REAL else _HOME
DATA = Path("/var/lib/promokit-lab") if REAL else RUN / "data"
LOCK = Path("/run/lock/promokit-lab.lock") if REAL else RUN.with_suffix(".lock")
CACHE = Path.home() / ".cache" / "promokit-lab"
BIN = RUN / "bin"
LOGS = RUN / "log"
PIDS = RUN / "pids"
KEPT_LOGS = Path("/var/log/promokit-lab") if REAL else CACHE / "log"
STATE = RUN / "lab.json"
ADMIN_KUBECONFIG = RUN / "admin.kubeconfig"
ORIGIN = RUN / "origin.git"

ECR_HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
REGISTRY_ADDRESS = "127.0.0.2"
REGISTRY_URL = f"http://{REGISTRY_ADDRESS}:80"
REPOSITORIES = ("registry", "registry-branches")
PAUSE_IMAGE = f"{ECR_HOST}/promokit-lab/pause:1"
BUILDKIT_ADDRESS = f"unix://{RUN}/buildkit/buildkitd.sock"
POSTGRES_PORT = 15432
DOUBLES_PORTS = (14566, 14567, 14568)
WEBHOOK = f"http://127.0.0.1:{DOUBLES_PORTS[0]}/_lab/webhook"


@frozen
class Cluster:
    """One cluster: its name, the namespaces on it, and a number (1 to 5) to tell ports and subnets apart."""

    name: str
    number: int
    namespaces: tuple[str, ...]

    @property
    def run(self) -> Path:
        """Sockets, certificates and settings."""
        return RUN / self.name

    @property
    def data(self) -> Path:
        """What its programs store."""
        return DATA / self.name

    def port(self, wellknown: int) -> int:
        """This cluster's port for a program whose usual port's last four digits are `wellknown`."""
        return self.number * 10_000 + wellknown

    @property
    def endpoint(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.port(6443)}"

    @property
    def bridge(self) -> str:
        """The bridge that its pods hang on."""
        return f"pklab{self.number}"

    @property
    def subnet(self) -> str:
        """The pods' subnet. There's no route out of it."""
        return f"10.231.{self.number}.0/24"

    @property
    def node_address(self) -> str:
        """The bridge's address: the node's and PostgreSQL's, as the pods see them."""
        return f"10.231.{self.number}.1"

    @property
    def services(self) -> str:
        """The range of Service addresses. Nothing routes them: the lab has no kube-proxy."""
        return f"10.232.{self.number}.0/24"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig of this cluster alone."""
        return self.run / "admin.kubeconfig"


TEST = Cluster("credreg-test", 1, ("credreg-test",))
LIVE = Cluster("credreg-live", 2, ("credreg-sandbox", "credreg-prod"))
CLUSTERS = (TEST, LIVE)


@frozen
class Environment:
    """One of the example's environments, and its database."""

    name: str
    cluster: Cluster

    @property
    def namespace(self) -> str:
        """Its namespace, where the Secret with its DATABASE_URL is."""
        return f"credreg-{self.name}"

    @property
    def database(self) -> str:
        """Its database and the database's owner, who have one name."""
        return f"credreg_{self.name}"


ENVIRONMENTS = (Environment("test", TEST), Environment("sandbox", LIVE), Environment("prod", LIVE))
