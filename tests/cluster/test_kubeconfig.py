import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promokit.cluster.connect import connect
from promokit.cluster.kubeconfig import plain_access
from promokit.errors import Unreachable
from promokit.model import Cluster

SERVER = {"server": "https://a.example/"}
PLUGIN = {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "interactiveMode": "Never"}


def written(folder: Path, cluster: object = SERVER, user: object = None, **more: object) -> dict[str, str]:
    """The environment with a kubeconfig of two contexts, `other` and the present one."""
    elsewhere = {"server": "https://b.example"}
    document = {
        "current-context": "here",
        "clusters": [{"name": "b", "cluster": elsewhere}, {"name": "a", "cluster": cluster}],
        "users": [{"name": "other", "user": {"token": "other"}}, {"name": "me", "user": user}],
        "contexts": [
            {"name": "other", "context": {"cluster": "b", "user": "other"}},
            {"name": "here", "context": {"cluster": "a", "user": "me"}},
        ],
        **more,
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return {"KUBECONFIG": str(path)}


@pytest.mark.parametrize(
    ("context", "expected"),
    [(None, ("https://a.example", "Bearer mine")), ("other", ("https://b.example", "Bearer other"))],
)
def test_a_plain_kubeconfig_tells_where_and_as_whom(
    tmp_path: Path, context: str | None, expected: tuple[str, str]
) -> None:
    """By the context that is named, else by the present one."""
    access = plain_access(context, written(tmp_path, user={"token": "mine"}))
    assert access is not None
    assert (access.host, access.authorization()) == expected


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        (SERVER, {"exec": PLUGIN}),
        (SERVER, {"auth-provider": {"name": "oidc"}}),
        (SERVER, {"username": "me", "password": "secret"}),
        (SERVER, {"tokenFile": "/token"}),
        (SERVER, {"client-certificate": "/me.crt", "client-key": "/me.key"}),
        (SERVER, {"token": "mine", "as": "somebody"}),
        ({**SERVER, "proxy-url": "http://proxy"}, {}),
        ({**SERVER, "tls-server-name": "b.example"}, {}),
        ({**SERVER, "insecure-skip-tls-verify": True}, {}),
        ({**SERVER, "certificate-authority": "/ca.crt"}, {}),
    ],
    ids=" ".join,
)
def test_what_is_not_plain_is_left_to_the_kubernetes_client(tmp_path: Path, cluster: object, user: object) -> None:
    """What isn't known here is never passed over: it may be what makes the connection safe."""
    assert plain_access(None, written(tmp_path, cluster, user)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"cluster": {}},
        {"cluster": {"server": 7}},
        {"cluster": {**SERVER, "certificate-authority-data": "bm9uZQ=="}},
        {"user": {"client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ=="}},
        {"user": {"client-certificate-data": "bm9uZQ=="}},
        {"contexts": []},
        {"contexts": None},
        {"users": [{"name": "me"}]},
        {"clusters": [{"name": "a", "cluster": SERVER}] * 2},
        {"current-context": "nowhere"},
    ],
    ids=str,
)
def test_a_mistake_is_left_to_the_kubernetes_client_to_tell(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """There is one to say what is wrong with a kubeconfig."""
    assert plain_access(None, written(tmp_path, **wrong)) is None


def test_several_files_or_none_are_left_to_the_kubernetes_client(tmp_path: Path) -> None:
    """It knows how to merge them, and what to say of one that is missing."""
    path = written(tmp_path, user={"token": "mine"})["KUBECONFIG"]
    assert plain_access(None, {"KUBECONFIG": f"{path}:{path}"}) is None
    assert plain_access(None, {"KUBECONFIG": str(tmp_path / "missing")}) is None
    assert plain_access(None, {"KUBECONFIG": "~nobody-has-this-name/kubeconfig"}) is None


def test_a_pipe_is_left_whole_to_the_kubernetes_client() -> None:
    """`KUBECONFIG=<(…)` can be read once, and what is read here isn't there for the client."""
    reading, writing = os.pipe()
    os.write(writing, b"{}")
    os.close(writing)
    assert plain_access(None, {"KUBECONFIG": f"/dev/fd/{reading}"}) is None
    assert os.read(reading, 9) == b"{}"
    os.close(reading)


def test_behind_a_proxy_the_kubernetes_client_connects(tmp_path: Path) -> None:
    """It goes by HTTPS_PROXY and NO_PROXY."""
    assert plain_access(None, {**written(tmp_path, user={"token": "mine"}), "HTTPS_PROXY": "http://proxy"}) is None


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, which signed itself, for a server and for a client, and its key."""
    folder = tmp_path_factory.mktemp("authority")
    names = ["-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", str(folder / "key")]
    subprocess.run(
        ["openssl", "req", "-x509", *key, *names, "-out", str(folder / "crt")], check=True, capture_output=True
    )
    return folder


@pytest.fixture
def server(authority: Path) -> Iterator[str]:
    """A server that takes who has a certificate of this authority; its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "crt", authority / "key")
    context.load_verify_locations(authority / "crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # a refusal comes in the handshake
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"https://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


@pytest.mark.program
def test_a_server_is_known_by_its_authority_and_we_by_our_certificate(
    authority: Path, server: str, tmp_path: Path
) -> None:
    """Both ways: one of another authority isn't spoken to, and without ours we aren't let in."""
    cluster = {"server": server, "certificate-authority-data": data(authority / "crt")}
    user = {"client-certificate-data": data(authority / "crt"), "client-key-data": data(authority / "key")}
    answer = connect(Cluster(), written(tmp_path, cluster, user)).request("GET", "/api")
    assert answer.status == 200
    for strange, nobody in (({"server": server}, user), (cluster, {})):
        with pytest.raises(Unreachable):
            connect(Cluster(), written(tmp_path, strange, nobody)).request("GET", "/api", connect_tries=1)


def test_a_plain_kubeconfig_needs_no_kubernetes_client(tmp_path: Path) -> None:
    """To import it takes longer than all that a rollback has to ask."""
    program = (
        "import sys; from promokit.cluster.connect import connect; from promokit.model import Cluster;"
        f"connect(Cluster(), {written(tmp_path, user={'token': 'mine'})}); sys.exit('kubernetes' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
