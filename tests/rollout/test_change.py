import copy
import json
from typing import Any

import pytest

from promokit.cluster.objects import Controller
from promokit.cluster.transport import ApiError
from promokit.errors import ConfigError, PromokitError, Superseded
from promokit.model import Workload
from promokit.rollout.admission import Denied
from promokit.rollout.change import CAUSE, EPOCH, check, epoch_of, set_image, write_epoch
from tests.cluster.api_server import ApiServer
from tests.factories import WORKLOAD, deployment, image
from tests.manifest_objects import deployment_json

OLD, NEW = str(image("b")), str(image("a"))


@pytest.fixture
def running(api: ApiServer) -> ApiServer:
    """A namespace in which main-app runs the old image."""
    api.put("deployments", "main-app", deployment_json())
    return api


def runs(api: ApiServer) -> str:
    return str(api.get("deployments", "main-app")["spec"]["template"]["spec"]["containers"][0]["image"])


def known(api: ApiServer) -> Controller:
    return api.namespace().controllers([WORKLOAD])[WORKLOAD]


def seen(api: ApiServer) -> int:
    return epoch_of(known(api))


def patch(
    api: ApiServer,
    epoch: int | None = 5,
    expected: str = OLD,
    workload: Workload = WORKLOAD,
    found: Controller | None = None,
) -> None:
    set_image(api.namespace(), workload, NEW, expected=expected, epoch=epoch, cause="promokit promotion", found=found)


def test_an_image_is_pinned_with_its_cause(running: ApiServer) -> None:
    """The same patch tells people with kubectl why; what was returned is what was made."""
    write_epoch(running.namespace(), running.namespace().controllers([WORKLOAD])[WORKLOAD], 5)
    made = set_image(running.namespace(), WORKLOAD, NEW, expected=OLD, epoch=5, cause="promokit promotion by alice")
    assert runs(running) == NEW
    assert made.images == {"main-app": NEW}
    assert running.get("deployments", "main-app")["metadata"]["annotations"][CAUSE] == "promokit promotion by alice"


def test_a_change_whose_answer_was_lost_is_found_made(running: ApiServer) -> None:
    """Made again it changes nothing, and nobody is blamed for the image that we set ourselves."""
    patch(running, epoch=None)
    patch(running, epoch=None)
    assert [each.method for each in running.calls].count("PATCH") == 1


def test_what_was_found_is_not_read_again(running: ApiServer) -> None:
    """While it is still so, the patch's own tests say all."""
    found = known(running)
    asked = len(running.calls)
    patch(running, epoch=None, found=found)
    assert [each.method for each in running.calls[asked:]] == ["PATCH"]
    assert runs(running) == NEW


def test_what_has_changed_since_it_was_found_is_read(running: ApiServer) -> None:
    """A container put before ours and a first annotation are no reason to refuse, and both stay."""
    found = known(running)
    data = copy.deepcopy(running.get("deployments", "main-app"))
    data["metadata"]["annotations"] = {"team": "sre"}
    data["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy", "image": "proxy:1"})
    running.put("deployments", "main-app", data)
    patch(running, epoch=None, found=found)
    data = running.get("deployments", "main-app")
    assert [each["image"] for each in data["spec"]["template"]["spec"]["containers"]] == ["proxy:1", NEW]
    assert data["metadata"]["annotations"].keys() == {"team", CAUSE}


def test_a_first_annotation_that_came_since_it_was_found_stays(running: ApiServer) -> None:
    """Ours isn't written over the others."""
    found = known(running)
    data = copy.deepcopy(running.get("deployments", "main-app"))
    data["metadata"]["annotations"] = {"team": "sre"}
    running.put("deployments", "main-app", data)
    patch(running, epoch=None, found=found)
    assert running.get("deployments", "main-app")["metadata"]["annotations"].keys() == {"team", CAUSE}


def test_what_was_deleted_since_it_was_found_is_wrong_use(running: ApiServer) -> None:
    """As if it had never been there."""
    found = known(running)
    running.delete("deployments", "main-app")
    with pytest.raises(ConfigError, match="no Deployment main-app"):
        patch(running, epoch=None, found=found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"on_delete": True}, "has updateStrategy OnDelete: a change of its image rolls nothing out"),
        ({"partition": 2}, "has a partition that keeps all 2 pods: a change of its image rolls nothing out"),
    ],
    ids=["on-delete", "partition"],
)
def test_a_stateful_set_that_would_roll_nothing_out_is_refused(
    api: ApiServer, changes: dict[str, Any], words: str
) -> None:
    """Its pods would run the old image while all says that the new one had been rolled out."""
    store = deployment(kind="StatefulSet", **changes)
    workload = Workload("main-app", "main-app", "StatefulSet")
    with pytest.raises(ConfigError, match=words):
        check(workload, store, api.namespace())
    check(workload, deployment(kind="StatefulSet", partition=1), api.namespace())
    check(workload, deployment(kind="StatefulSet", partition=2, wanted=0), api.namespace())


def test_an_ungated_change_needs_no_epoch(running: ApiServer) -> None:
    """The primitive has no lease to lose."""
    patch(running, epoch=None)
    assert runs(running) == NEW


def test_other_containers_are_left_alone(running: ApiServer) -> None:
    """The container is found by its name, wherever it stands."""
    data = running.get("deployments", "main-app")
    data["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy", "image": "proxy:1"})
    running.put("deployments", "main-app", data)
    patch(running, epoch=None)
    containers = running.get("deployments", "main-app")["spec"]["template"]["spec"]["containers"]
    assert [each["image"] for each in containers] == ["proxy:1", NEW]


def test_an_image_that_somebody_else_changed_is_superseded(running: ApiServer) -> None:
    """It is told what runs now, and nothing is changed."""
    running.put("deployments", "main-app", deployment_json(runs=str(image("c"))))
    with pytest.raises(Superseded, match=r"superseded: somebody else changed the image .*sha256:ccc"):
        patch(running, epoch=None)
    assert runs(running) == str(image("c"))


def test_whoever_lost_the_lease_cannot_change_an_image(running: ApiServer) -> None:
    """Another operation's epoch stands on the workload: the patch fails though the image is the expected one."""
    here = running.namespace()
    write_epoch(here, here.controllers([WORKLOAD])[WORKLOAD], 5)
    write_epoch(here, here.controllers([WORKLOAD])[WORKLOAD], 6)
    with pytest.raises(Superseded, match="superseded: another operation took over main-app"):
        patch(running, epoch=5)
    assert runs(running) == OLD


def test_a_change_that_the_cluster_refuses_tells_its_words(running: ApiServer) -> None:
    """Image and epoch are as expected: then it was admission."""
    running.fail(422, method="PATCH", body=b'{"message": "denied by policy promokit-allowed"}')
    with pytest.raises(PromokitError, match="denied by policy promokit-allowed"):
        patch(running, epoch=None)


BY_POLICY = (
    "deployments.apps \"main-app\" is forbidden: ValidatingAdmissionPolicy 'promokit-allowed' with binding "
    "'credreg-test' denied request: this digest isn't on the list"
)
BY_WEBHOOK = 'admission webhook "images.example.com" denied the request: unsigned'


@pytest.mark.parametrize(("status", "said"), [(422, BY_POLICY), (403, BY_WEBHOOK), (400, BY_WEBHOOK)])
def test_an_admission_policys_word_is_told_with_what_to_do(running: ApiServer, status: int, said: str) -> None:
    """Also for the epoch, which a policy sees as a change of the whole object."""
    running.fail(status, method="PATCH", times=2, body=json.dumps({"message": said}).encode())
    with pytest.raises(Denied, match=r"an admission policy refused the change of main-app/main-app.*denied") as caught:
        patch(running, epoch=None)
    assert "let the policy named there allow this image" in str(caught.value)
    with pytest.raises(Denied, match="Deployment main-app"):
        write_epoch(running.namespace(), running.namespace().controllers([WORKLOAD])[WORKLOAD], 5)


def test_whoever_may_not_patch_is_told_so_at_once(running: ApiServer) -> None:
    """RBAC's word is no admission policy's: it won't change by waiting."""
    said = 'deployments.apps "main-app" is forbidden: User "x" cannot patch resource "deployments"'
    running.fail(403, method="PATCH", body=json.dumps({"message": said}).encode())
    with pytest.raises(ApiError, match="cannot patch resource") as caught:
        patch(running, epoch=None)
    assert not isinstance(caught.value, Denied)


def test_a_deployment_that_vanished_under_the_patch_is_superseded(running: ApiServer) -> None:
    """Somebody deleted it between the read and the patch."""
    running.fail(422, method="PATCH")
    running.fail(404, method="GET", after=1)
    with pytest.raises(Superseded, match="took over main-app"):
        patch(running, epoch=None)


def test_a_deployment_that_is_not_there_is_wrong_use(running: ApiServer) -> None:
    """The manifests were never applied, or the configuration is wrong."""
    with pytest.raises(ConfigError, match="no Deployment api in namespace credreg-test"):
        patch(running, workload=Workload("api", "api"))


def test_a_container_that_is_not_there_is_wrong_use(running: ApiServer) -> None:
    """The remedy names those that are."""
    with pytest.raises(ConfigError, match="its containers are: main-app"):
        patch(running, workload=Workload("main-app", "nginx"))


def test_the_epoch_on_a_workload_only_grows(running: ApiServer) -> None:
    """A lower one is refused; the same one again does nothing."""
    here = running.namespace()
    write_epoch(here, here.controllers([WORKLOAD])[WORKLOAD], 5)
    calls = len(running.calls)
    write_epoch(here, deployment(annotations={EPOCH: "5"}), 5)
    assert len(running.calls) == calls
    with pytest.raises(Superseded, match="took over"):
        write_epoch(here, here.controllers([WORKLOAD])[WORKLOAD], 4)
    assert seen(running) == 5


@pytest.mark.parametrize("annotations", [{}, {"team": "sre"}])
def test_a_first_epoch_does_not_overwrite_one_that_came_meanwhile(
    running: ApiServer, annotations: dict[str, str]
) -> None:
    """Two operations saw no epoch: the one that lost the lease must not write over the other's."""
    data = running.get("deployments", "main-app")
    data["metadata"]["annotations"] = dict(annotations)
    running.put("deployments", "main-app", data)
    here = running.namespace()
    stale = here.controllers([WORKLOAD])[WORKLOAD]
    write_epoch(here, stale, 7)
    with pytest.raises(Superseded, match="took over"):
        write_epoch(here, stale, 6)
    assert seen(running) == 7
    assert annotations.items() <= running.get("deployments", "main-app")["metadata"]["annotations"].items()


def test_an_epoch_that_is_too_long_counts_as_none() -> None:
    """Python doesn't read numbers of thousands of digits."""
    assert epoch_of(deployment(annotations={EPOCH: "9" * 5000})) == 0


def test_an_epoch_that_is_no_number_counts_as_none() -> None:
    """Who wrote it by hand doesn't stop every operation after."""
    assert epoch_of(deployment(annotations={EPOCH: "seven"})) == 0
    assert epoch_of(deployment(annotations={EPOCH: "-7"})) == 0
