import base64
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import certifi
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session
from kubernetes.config import kube_config

from promokit.aws import of_credentials, session
from promokit.cluster.connect import connect
from promokit.cluster.eks import EksToken
from promokit.cluster.transport import Transport
from promokit.errors import ConfigError, Unreachable
from promokit.model import Cluster
from tests.cluster.api_server import ApiServer

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr"}
CREDENTIALS = "client.authentication.k8s.io/v1"
PATH = "/api/v1/namespaces/credreg-test/pods"
END = "-----END CERTIFICATE-----"
AUTHORITY = Path(certifi.where()).read_text().partition(END)[0] + END
"""The first of those that everybody trusts."""


def kubeconfig(directory: Path, url: str, user: object) -> Path:
    """Write a kubeconfig of one cluster and one user."""
    path = directory / "kubeconfig"
    document = {
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "here", "user": "me"}}],
    }
    path.write_text(json.dumps(document))
    return path


def plugin_user(command: str, args: list[str]) -> object:
    """A kubeconfig's user whose credentials come from a program."""
    plugin = {"apiVersion": CREDENTIALS, "command": command, "args": args, "interactiveMode": "Never"}
    return {"exec": plugin}


def by_plugin(directory: Path, script: str) -> object:
    """The user of a plugin in Python that gives the `status` that its script has made."""
    file = directory / "plugin.py"
    credential = f"{{'apiVersion': {CREDENTIALS!r}, 'kind': 'ExecCredential', 'status': status}}"
    file.write_text(f"import json, pathlib\n{script}print(json.dumps({credential}))\n")
    return plugin_user(sys.executable, [str(file)])


def connected(path: Path) -> Transport:
    return connect(Cluster(context="test"), {"KUBECONFIG": str(path)})


@pytest.mark.parametrize("environ", [{"KUBECONFIG": ""}, {}])
@pytest.mark.parametrize(
    "user", [{"token": "good"}, {"token": "good", "as": "somebody"}], ids=["plain", "by the client"]
)
def test_an_empty_kubeconfig_is_that_of_the_home(
    api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], user: object
) -> None:
    """As for kubectl; with a context that is named, and with the present one."""
    (tmp_path / ".kube").mkdir()
    document = json.loads(kubeconfig(tmp_path, api.url, user).read_text())
    (tmp_path / ".kube" / "config").write_text(json.dumps({**document, "current-context": "test"}))
    monkeypatch.setenv("HOME", str(tmp_path))
    for context in ("test", None):
        connect(Cluster(context=context), environ).request("GET", PATH)
    with pytest.raises(ConfigError, match="no context 'other'") as caught:
        connect(Cluster(context="other"), environ)
    assert caught.value.remedy == "use one of: test"
    assert len(api.calls) == 2


@pytest.mark.parametrize(
    ("command", "args", "told"),
    [
        ("/nonexistent/plugin", [], "No such file"),
        (sys.executable, ["-c", "import sys; sys.exit('sign in first')"], "sign in first"),
        (sys.executable, ["-c", "print('nothing')"], "failed to decode"),
    ],
)
def test_a_plugin_that_fails_is_told_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: str, args: list[str], told: str
) -> None:
    """Nothing is asked without credentials, and the client's own log isn't on stderr."""
    with pytest.raises(Unreachable, match=rf"the kubeconfig's plugin gave no credentials: .*{told}"):
        connected(kubeconfig(tmp_path, "https://127.0.0.1:1", plugin_user(command, args)))
    assert capfd.readouterr() == ("", "")


def test_a_plugin_that_fails_when_its_token_runs_out_is_told(api: ApiServer, tmp_path: Path) -> None:
    """It gave a token that is over, and gives none any more."""
    user = by_plugin(
        tmp_path,
        "import sys\n"
        f"once = pathlib.Path({str(tmp_path / 'once')!r})\n"
        "if once.exists(): sys.exit('sign in first')\n"
        "once.touch()\n"
        "status = {'token': 'short', 'expirationTimestamp': '2026-01-01T00:00:00Z'}\n",
    )
    way = connected(kubeconfig(tmp_path, api.url, user))
    with pytest.raises(Unreachable, match=r"gave no credentials: .*sign in first"):
        way.request("GET", PATH)


def test_a_kubeconfigs_token_is_sent(api: ApiServer, tmp_path: Path) -> None:
    """As a bearer token."""
    connected(kubeconfig(tmp_path, api.url, {"token": "good"})).request("GET", PATH)
    assert [each.authorization for each in api.calls] == ["Bearer good"]


def test_a_refused_token_is_had_anew_from_the_kubeconfig(api: ApiServer, tmp_path: Path) -> None:
    """Its plugin runs again then, also if it never said that a token runs out."""
    user = by_plugin(
        tmp_path,
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "count.write_text((count.read_text() if count.exists() else '') + 'x')\n"
        "status = {'token': f'token-{len(count.read_text())}'}\n",
    )
    way = connected(kubeconfig(tmp_path, api.url, user))
    way.request("GET", PATH)
    api.fail(401)
    way.request("GET", PATH)
    way.request("GET", PATH)
    assert [each.authorization[-1] for each in api.calls] == ["1", "1", "2", "2"]


def test_a_kubeconfig_without_a_token_sends_none(api: ApiServer, tmp_path: Path) -> None:
    """Client certificates are the connection's."""
    connected(kubeconfig(tmp_path, api.url, {})).request("GET", PATH)
    assert [each.authorization for each in api.calls] == [""]


def test_a_kubeconfig_that_can_not_be_used_is_told(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(ConfigError, match="KUBECONFIG"):
        connected(tmp_path / "missing")


def test_a_context_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    """A typo is mended from the message alone."""
    with pytest.raises(ConfigError, match="no context 'tset'") as caught:
        connect(Cluster(context="tset"), {"KUBECONFIG": str(kubeconfig(tmp_path, "https://127.0.0.1:1", {}))})
    assert caught.value.remedy == "use one of: test"


@pytest.mark.parametrize("key", ["client-certificate-data", "certificate-authority-data"])
def test_a_certificate_that_is_none_is_not_the_networks_trouble(tmp_path: Path, key: str) -> None:
    """It is told before anything is sent: a network that is checked in vain costs an hour."""
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", {})
    document = json.loads(path.read_text())
    for each in (document["users"][0]["user"], document["clusters"][0]["cluster"]):
        each[key] = base64.b64encode(b"nothing").decode()
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=r"the kubeconfig's c.* certificate"):
        connected(path)


def test_several_connect_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client writes certificates into files, which take their time here, and has them all use the first."""
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", {})
    document = json.loads(path.read_text())
    authority = base64.b64encode(AUTHORITY.encode()).decode()
    document["clusters"][0]["cluster"] |= {"certificate-authority-data": authority, "tls-server-name": "here"}
    path.write_text(json.dumps(document))
    writing = threading.Event()

    def slow(name: str, how: str = "r") -> Any:
        if how == "wb":
            writing.set()
            time.sleep(0.2)
        return open(name, how)

    monkeypatch.setattr(kube_config, "_temp_files", {})
    monkeypatch.setattr(kube_config, "open", slow, raising=False)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(connected, path)
        assert writing.wait(5)
        second = pool.submit(connected, path)
        assert first.result().host == second.result().host


@pytest.mark.parametrize(
    ("environ", "region", "told"),
    [
        ({"AWS_PROFILE": "nosuch"}, "us-east-1", "nosuch"),
        ({}, None, "--region"),
        (KEYS, "us east", "us east"),
        ({**KEYS, "AWS_ENDPOINT_URL": "nonsense"}, "us-east-1", "nonsense"),
    ],
)
def test_an_eks_cluster_that_is_named_wrongly_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], region: str | None, told: str
) -> None:
    """A profile that isn't configured, or no region: AWS isn't asked, and asking again doesn't help."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=told):
        connect(Cluster(eks="live", region=region), environ)


@pytest.mark.parametrize("server", ["nonsense", "http:/", "https://[::1", "ftp://x", "https://a b", "https://x:99999"])
def test_a_server_that_is_no_address_is_wrong_use(tmp_path: Path, server: str) -> None:
    """Asking it again doesn't help."""
    with pytest.raises(ConfigError, match=r"is no address|can't be used: Invalid IPv6"):
        connected(kubeconfig(tmp_path, server, {}))


def test_a_proxy_that_is_none_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the environment's, so it is told where to look."""
    monkeypatch.setenv("HTTPS_PROXY", "nonsense")
    here = kubeconfig(tmp_path, "https://127.0.0.1:1", {})
    with pytest.raises(ConfigError, match="HTTPS_PROXY"):
        connect(Cluster(context="test"), {"KUBECONFIG": str(here), "HTTPS_PROXY": "nonsense"})


def test_a_machine_without_a_folder_for_certificates_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pod whose root filesystem is read-only: it isn't the output that can't be written."""
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    certificate = base64.b64encode(b"one that no other test has had written").decode()
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", {"client-certificate-data": certificate})
    with pytest.raises(ConfigError, match="the kubeconfig can't be used") as caught:
        connected(path)
    assert "TMPDIR" in str(caught.value)


@pytest.fixture
def token() -> EksToken:
    session = Session()
    session.set_credentials("AKIDEXAMPLE", "wJalr", "session")
    return EksToken(session, "credreg-test", "us-east-1")


def test_a_token_is_renewed_before_it_runs_out(token: EksToken, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten of its fifteen minutes."""
    clock = [1000.0]
    monkeypatch.setattr("promokit.cluster.eks.time.monotonic", lambda: clock[0])
    token.authorization(None)
    clock[0] += 599
    token.authorization(None)
    assert token.made_at == 1000.0
    clock[0] += 2
    token.authorization(None)
    assert token.made_at == 1601.0


def test_several_that_were_refused_renew_it_once(token: EksToken, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four streams see the same 401; the first renews and the others take what it got."""
    made: list[str] = []

    def make(self: EksToken) -> str:
        made.append(f"token-{len(made)}")
        return made[-1]

    monkeypatch.setattr(EksToken, "_make", make)
    refused = token.authorization(None)
    threads = [threading.Thread(target=token.authorization, args=(refused,)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert token.authorization(None) == "Bearer token-1"
    assert len(made) == 2


@pytest.mark.parametrize("token", ["good\nsecret", "good\rsecret", "g\u20acod-secret"])
def test_a_token_that_no_header_may_have_is_told_without_it(api: ApiServer, tmp_path: Path, token: str) -> None:
    """A line break that was pasted with it is a common mistake; the HTTP client would print all of it."""
    with pytest.raises(ConfigError, match="a line break or another character") as caught:
        connected(kubeconfig(tmp_path, api.url, {"token": token})).request("GET", PATH)
    assert "secret" not in str(caught.value)
    assert not api.calls


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", b"\xe9: 1"])
def test_a_kubeconfig_that_is_no_yaml_is_told(tmp_path: Path, content: bytes) -> None:
    """In one line, as any other that can't be used."""
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="no usable kubeconfig") as caught:
        connected(path)
    assert len(str(caught.value).splitlines()) == 1


SINGLE_SIGN_ON = """
[profile team]
sso_session = team
sso_account_id = 123456789012
sso_role_name = release
region = us-east-1
[sso-session team]
sso_region = us-east-1
sso_start_url = https://team.awsapps.example/start
"""


def test_a_single_sign_on_that_has_ended_is_told_how_to_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking AWS again doesn't help; also where it ends while a rollout runs and its token is made anew."""
    (tmp_path / "config").write_text(SINGLE_SIGN_ON)
    for name, value in {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": "team", "HOME": "/none"}.items():
        monkeypatch.setenv(name, value)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unreachable, match="aws sso login"):
        connect(Cluster(eks="live", region="us-east-1"), {})
    with pytest.raises(Unreachable, match="aws sso login"):
        EksToken(session(), "live", "us-east-1").authorization(None)


def test_a_machine_without_credentials_is_told_how_to_have_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one wording, whichever service of AWS is to be asked: at first, and when a token is made anew."""
    for name in (*KEYS, "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(Unreachable) as begun:
        connect(Cluster(eks="live", region="us-east-1"), {})
    with pytest.raises(Unreachable) as renewed:
        EksToken(session(), "live", "us-east-1").authorization(None)
    assert (
        str(begun.value)
        == str(renewed.value)
        == str(of_credentials(NoCredentialsError(), "EKS cluster live, us-east-1"))
    )
    assert "aws sso login" in str(begun.value)
    assert "configure-aws-credentials" in str(begun.value)
