"""promokit's own adapters on the doubles: both sides mean the same by every fact."""

from pathlib import Path

import pytest
from botocore.session import Session

from promokit.cluster.eks import EksToken
from promokit.errors import PromokitError, VerificationFailed
from promokit.github.api import GitHub
from promokit.image import Digest
from promokit.registry import open_registry
from promokit.slack.post import post
from tests.doubles.control import control
from tests.doubles.history import History
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.images import push_index
from tests.lab.doubles.slack import SlackDouble

pytestmark = pytest.mark.program

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TAG, OTHER = "2026.01.02.0003", "2026.01.02.0004"


@pytest.fixture
def repository(aws: AwsDouble, tmp_path: Path) -> str:
    """A repository of the test's own, as a person writes it."""
    name = f"adapters/{tmp_path.name.lower()}"
    control(aws, "PUT", f"repositories/{name}", {"imageTagMutability": "IMMUTABLE"})
    return f"{HOST}/{name}"


def test_the_registry_port_reads_and_tags(aws: AwsDouble, registry: str, repository: str) -> None:
    """The build role resolves, reads, and adds a tag once; another image never takes a tag over."""
    name = repository.partition("/")[2]
    pushed, another = push_index(registry, name, TAG), push_index(registry, name, OTHER, "another")
    port, digest = open_registry(repository, aws.environ("promokit-build")), Digest.parse(pushed.digest)
    assert port.digest_of(repository, TAG) == digest
    assert port.digest_of(repository, "absent") is None
    manifest = port.manifest(repository, digest)
    assert manifest is not None
    assert (manifest.content, manifest.platforms) == (pushed.content, ("linux/amd64", "linux/arm64"))
    assert port.tags_immutable(repository) is True
    assert [port.add_tag(repository, digest, "f" * 40) for _ in range(2)] == [True, False]
    assert port.tags_of(repository, digest) == (TAG, "f" * 40)
    with pytest.raises(VerificationFailed):
        port.add_tag(repository, Digest.parse(another.digest), TAG)


def test_the_registry_port_tells_a_refusal(aws: AwsDouble, registry: str, repository: str) -> None:
    """A role that may not push, and a repository that isn't there, are errors, not answers."""
    pushed = push_index(registry, repository.partition("/")[2], TAG)
    port = open_registry(repository, aws.environ("promokit-prod"))
    with pytest.raises(PromokitError):
        port.add_tag(repository, Digest.parse(pushed.digest), OTHER)
    with pytest.raises(PromokitError):
        port.digest_of(f"{HOST}/nowhere", TAG)


def test_the_github_client_reads_runs_and_reviews(github: GitHubDouble, history: History) -> None:
    """CI's run for a commit, its accounts, and who approved what."""
    facts = {"workflow": "ci.yaml", "event": "push", "conclusion": "success", "actor": "alice"}
    control(github, "POST", "runs", {"id": 7, "number": 12, **facts})
    control(github, "POST", "runs/7/approvals", {"environments": ["prod"], "user": "bob"})
    client = GitHub.from_environ(github.environ())
    assert client is not None
    (run,) = client.runs("ci.yaml", history.third, branch="master")
    assert run == client.run(7)
    assert (run.number, run.conclusion, run.actor.login, run.workflow_path) == (
        12,
        "success",
        "alice",
        ".github/workflows/ci.yaml",
    )
    (review,) = client.reviews(7)
    assert (review.user.login, review.state, review.environments) == ("bob", "approved", ("prod",))


def test_the_github_client_reads_settings_and_history(github: GitHubDouble, history: History) -> None:
    """prod's protection, its branches, and how two commits stand to each other."""
    client = GitHub.from_environ(github.environ())
    assert client is not None
    prod = client.environment("prod")
    assert prod is not None
    assert (prod.required_reviewers, prod.prevent_self_review, prod.admins_can_bypass) == (True, True, False)
    assert client.environment("none") is None
    assert client.branch_policies("prod") == ("master",)
    compared = client.compare(history.first, "master")
    assert (compared.status, [commit.sha for commit in compared.commits]) == ("ahead", [history.second, history.third])


def test_slack_gets_what_was_posted(slack: SlackDouble) -> None:
    """The message is kept as posted; with a wrong token it is an error."""
    message = {"text": "Hello", "blocks": [{"type": "divider"}]}
    stamp = post("#deploys", message, slack.environ())
    (kept,) = slack.messages
    assert (kept["ts"], kept["text"], kept["blocks"], kept["parse"]) == (stamp, "Hello", message["blocks"], "none")
    with pytest.raises(PromokitError):
        post("#deploys", message, {**slack.environ(), "SLACK_BOT_TOKEN": "xoxb-wrong"})


def test_a_cluster_takes_promokits_own_token(aws: AwsDouble) -> None:
    """The token that promokit signs for a cluster is taken by that cluster's webhook, and by no other's."""
    keys, session = aws.assume("promokit-test"), Session()
    session.set_credentials(keys.access_key, keys.secret, keys.token)
    header = EksToken(session, "credreg-test", "us-east-1").authorization(None)
    taken = {cluster: authenticated(aws, header, cluster) for cluster in ("credreg-test", "credreg-live")}
    assert taken == {"credreg-test": True, "credreg-live": False}


def authenticated(aws: AwsDouble, header: str, cluster: str) -> bool:
    spec = {"token": header.removeprefix("Bearer ")}
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
    return bool(control(aws, "POST", f"webhook/{cluster}", review)["status"]["authenticated"])
