"""Troubles that pass by themselves: words of a healthy cluster that look like a cause, and are none."""

from __future__ import annotations

import pytest
from attrs import evolve

from promokit.cluster.objects import Condition, State
from tests.factories import NOW, container, deployment, event, failing, pod, replica_set, running, terminated, waiting
from tests.rollout.judging import Seen, policy, word
from tests.rollout.test_failures import FORBIDDEN, PENDING, PULLING, QUOTA, refusal, story

CREATING = failing(state=waiting(), image_id="")


@pytest.mark.parametrize("driver", ["ebs.csi.aws.com", "secrets-store.csi.k8s.io"])
def test_a_volume_driver_that_is_not_registered_yet_is_no_missing_config(driver: str) -> None:
    """A new node's drivers come up beside its pods; `not found` is said of the driver."""
    message = (
        'MountVolume.SetUp failed for volume "secrets" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: '
        f"driver name {driver} not found in the list of registered CSI drivers"
    )
    assert word(60.0, *story((0.3, CREATING), (0.4, event("FailedMount", message, count=6)))) == "progressing: waiting"


@pytest.mark.parametrize(
    "message",
    [
        'MountVolume.SetUp failed for volume "v" : secret "missing" not found',
        'MountVolume.SetUp failed for volume "v" : configmap "missing" not found',
        'MountVolume.SetUp failed for volume "v" : references non-existent secret key: password',
        'MountVolume.SetUp failed for volume "v" : references non-existent config key: a.yaml',
    ],
)
def test_a_mounted_object_or_key_that_is_missing_fails(message: str) -> None:
    """Whichever the kubelet names."""
    assert word(3.4, *story((0.3, CREATING), (0.4, event("FailedMount", message)))) == "failed: config-missing"


@pytest.mark.parametrize(
    "message",
    [
        "services have not yet been read at least once, cannot construct envvars",
        'cannot find volume "data" to mount into container "main-app"',
        "host IP unknown; known addresses: []",
    ],
)
def test_a_kubelet_that_has_just_started_is_no_refused_config(message: str) -> None:
    """It looks again when it has read what it needs."""
    state = waiting("CreateContainerConfigError", message)
    assert word(60.0, *story((0.3, failing(state=state)))) == "progressing: waiting"


@pytest.mark.parametrize("missing", ['configmap "session-cache" not found', 'secret "cache" not found'])
def test_a_missing_config_is_missing_whatever_its_name(missing: str) -> None:
    """Also where the Events were lost; a kubelet that has just started says `cache` of its own."""
    state = waiting("CreateContainerConfigError", missing)
    assert word(3.4, *story((0.3, failing(state=state)))) == "failed: config-missing"


def test_a_config_that_came_is_not_missing_in_a_later_back_off() -> None:
    """The old Event doesn't speak of a container that has run meanwhile."""
    said = event("Failed", 'Error: configmap "late" not found')
    back_off = failing(state=waiting("CrashLoopBackOff"), restarts=1, last=terminated(1))
    seen = story((0.3, CREATING), (0.4, said), (2.0, pod("new-1")), (30.0, back_off))
    assert word(31.0, *seen, by=policy(crashes=9)) == "progressing: waiting"


@pytest.mark.parametrize(
    "message",
    [
        "context deadline exceeded",
        'failed to reserve container name "main-app_new-1_0": name "x" is reserved for "y"',
        "rpc error: code = Unavailable desc = connection error: dial unix /run/containerd/containerd.sock: connect: "
        "connection refused",
        "failed to create containerd task: failed to create shim task: ttrpc: closed: unknown",
        "failed to get sandbox container task: no running task found: task abc not found: not found",
    ],
)
def test_a_runtime_that_is_slow_to_create_is_no_failed_start(message: str) -> None:
    """A loaded node's runtime gets there in the end."""
    state = waiting("CreateContainerError", message)
    seen = story((0.3, failing(state=state)), (0.4, event("Failed", f"Error: {message}", count=5)))
    assert word(60.0, *seen) == "progressing: waiting"
    once, again = (failing(restarts=each, state=terminated(128, "StartError", message)) for each in (0, 1))
    assert word(60.0, *story((1.0, once), (2.0, again))) == "progressing: waiting"


def test_a_command_that_cannot_start_is_no_slow_runtime() -> None:
    """The runtime says what it is that it can't start."""
    message = 'failed to create containerd task: failed to create shim task: exec: "app": executable file not found'
    once, again = (failing(restarts=each, state=terminated(128, "StartError", message)) for each in (0, 1))
    assert word(2.0, *story((1.0, once), (2.0, again))) == "failed: cannot-start"


def test_a_refusal_after_another_failure_of_the_pull_is_the_first() -> None:
    """Only what was refused counts as a refusal."""
    timeout = event("Failed", 'Failed to pull image "x": dial tcp 10.0.0.1:443: i/o timeout', count=3)
    seen = story((0.3, PULLING), (0.4, timeout), (12.0, event("Failed", FORBIDDEN)))
    assert word(13.0, *seen) == "progressing: waiting"


@pytest.mark.parametrize(
    "said",
    [
        "dial tcp 10.0.0.1:443: connect: permission denied",
        "failed to extract layer sha256:abc: open /var/lib/containerd/tmpmounts/m1/x: permission denied",
        "failed to extract layer sha256:abc: mkdir /var/lib/containerd/tmpmounts/m1/x: permission denied: unknown",
        "denied: Quota exceeded for quota metric 'Requests per project per region'",
        "unexpected status from HEAD request: 429 Too Many Requests: access denied for now",
    ],
)
def test_what_passes_or_is_the_nodes_own_is_no_refusal_by_the_registry(said: str) -> None:
    """A firewall or disk of the node's says `permission denied` too, and so does a registry that is asked too often."""
    message = f'Failed to pull image "x": {said}'
    assert word(60.0, *story((0.3, PULLING), (0.4, event("Failed", message, count=4)))) == "progressing: waiting"


@pytest.mark.parametrize(
    "said",
    [
        "reading manifest 1 in registry.example.com/app: denied: Permission denied",
        "unexpected status from GET request to https://registry.example.com/token: 403 Forbidden: permission denied",
    ],
)
def test_a_registry_that_ends_with_the_words_of_a_disk_refuses(said: str) -> None:
    """It says before what it decided."""
    message = f'Failed to pull image "x": {said}'
    assert word(60.0, *story((0.3, PULLING), (0.4, event("Failed", message, count=4)))) == "failed: pull-refused"


def test_refusals_are_counted_by_status_where_events_were_lost() -> None:
    """Each time that the status goes over to ErrImagePull is an attempt; its message says whether it was refused."""
    refused, other = waiting("ErrImagePull", FORBIDDEN), waiting("ErrImagePull", "i/o timeout")
    back_off = waiting("ImagePullBackOff", f"Back-off pulling image: ErrImagePull: {FORBIDDEN}")

    def seen(*states: object) -> str:
        each = [(float(t), failing(state=state, image_id="")) for t, state in enumerate(states, 1)]
        return word(9.0, *story(*each))

    assert seen(refused, back_off, refused) == "failed: pull-refused"
    assert seen(other, back_off, refused) == "progressing: waiting"


@pytest.mark.parametrize(
    "message",
    [
        'Operation cannot be fulfilled on resourcequotas "small": the object has been modified; please apply your '
        "changes to the latest version and try again",
        'pods "x" is forbidden: status unknown for quota: small, resources: pods',
        "etcdserver: leader changed",
        'Post "https://10.96.0.1:443/api/v1/namespaces/credreg-test/pods": net/http: TLS handshake timeout',
        'Post "https://10.96.0.1:443/api/v1/namespaces/credreg-test/pods": unexpected EOF',
        "the server is currently unable to handle the request (post pods)",
        "the server was unable to return a response in the time allotted, but may still be processing the request",
        'object is being deleted: pods "store-0" already exists',
        'pods "x" is forbidden: not yet ready to handle request',
        'pods "x" is forbidden: error looking up service account credreg-test/app: Get "https://[::1]:6443/api": '
        "context deadline exceeded",
    ],
)
def test_a_creation_that_can_be_tried_again_is_no_refusal(message: str) -> None:
    """Conflicts and a control plane that is busy pass; the controller tries again."""
    assert word(60.0, *story((0.5, refusal(message, 4)))) == "progressing: waiting"


def test_a_pod_that_waits_for_the_room_of_ending_pods_is_waited_for() -> None:
    """What ends makes room, as with a quota."""
    ending = pod("old-1", owner="rs1", deleting=True)
    assert word(29.0, *story((0.9, replica_set("1")), (0.9, ending), (1.0, PENDING))) == "progressing: waiting"


def test_a_sandbox_made_anew_is_no_crash_of_an_init_container() -> None:
    """After a node's restart init containers do their work again: they ended well both times."""
    done = container("prepare", init=True, restarts=1, state=terminated(0, "Completed"), last=terminated(0))
    again = container(restarts=1, last=terminated(255, "Unknown"))
    assert word(30.0, *story((1.0, pod("new-1")), (20.0, pod("new-1", done, again)))) == "progressing: waiting"


def test_a_quota_waits_for_old_pods_that_may_still_be_taken_down() -> None:
    """Where some may be unavailable, the new pods are asked for first, and the old ones taken down a moment later."""
    may = deployment(wanted=4, updated=0, max_unavailable=1)
    down = evolve(may, available=3)
    refused = (0.05, refusal(QUOTA, 3))
    assert word(0.06, (0.0, may), (0.02, replica_set()), refused) == "progressing: waiting"
    assert word(0.20, (0.0, may), (0.02, replica_set()), refused, (0.1, down)) == "failed: quota"


def test_containers_that_a_node_lost_sight_of_have_not_crashed() -> None:
    """After a reboot both of a pod's containers start anew, and nobody saw how the ones before ended."""
    runs = [container("main-app"), container("proxy")]
    unseen = [container(each.name, restarts=1, last=terminated(255, "Unknown"), state=running(NOW)) for each in runs]
    seen: list[Seen] = [(0.0, deployment()), (0.1, replica_set()), (1.0, pod("new-1", *runs)), (1.0, pod("new-2"))]
    assert word(25.0, *seen, (20.0, pod("new-1", *unseen))) == "progressing: stabilizing"
    crashed = [container(each.name, restarts=2, last=terminated(1)) for each in runs]
    assert word(25.0, *seen, (20.0, pod("new-1", *unseen)), (24.0, pod("new-1", *crashed))) == "failed: crash-loop"


def test_an_end_that_nobody_saw_counts_neither_before_nor_after_the_next_start() -> None:
    """The kubelet tells it first as the present state, then as the last one."""
    runs = [container("main-app"), container("proxy")]
    down = [container(each.name, ready=False, state=terminated(255, "Unknown")) for each in runs]
    again = [container(each.name, restarts=1, last=terminated(255, "Unknown")) for each in runs]
    seen: list[Seen] = [(0.0, deployment()), (0.1, replica_set()), (1.0, pod("new-1", *runs)), (1.0, pod("new-2"))]
    seen += [(20.0, pod("new-1", *down)), (22.0, pod("new-1", *again))]
    assert word(21.0, *seen[:-1]) == "progressing: stabilizing"
    assert word(31.0, *seen) == "progressing: stabilizing"
    assert word(32.0, *seen) == "succeeded: complete"
    once = [container(each.name, ready=False, restarts=1, state=terminated(1)) for each in runs]
    assert word(33.0, *seen, (33.0, pod("new-1", *once))) == "failed: crash-loop"


def test_a_sandbox_that_is_lost_takes_its_containers_with_it() -> None:
    """The kubelet ends them and starts them anew in another; a crash leaves the sandbox as it is."""
    there, lost = (Condition("PodReadyToStartContainers", each) for each in ("True", "False"))
    names, ready, broken = ("main-app", "proxy"), Condition("Ready", "True"), Condition("Ready", "False")
    runs = pod("new-1", *map(container, names), conditions=(there, ready))
    gone = evolve(runs, conditions=(lost, broken))
    again = [container(each, restarts=1, last=terminated(137)) for each in names]
    anew = pod("new-1", *again, conditions=(there, ready))
    seen: list[Seen] = [(0.0, deployment()), (0.1, replica_set()), (1.0, runs), (1.0, pod("new-2"))]
    assert word(32.0, *seen, (20.0, gone), (22.0, anew)) == "succeeded: complete"
    assert word(22.0, *seen, (22.0, anew)) == "failed: crash-loop"


def test_what_crashes_at_once_in_the_sandbox_made_anew_has_crashed() -> None:
    """Only the end that came with the loss is forgiven."""
    there, lost = (Condition("PodReadyToStartContainers", each) for each in ("True", "False"))
    killed = evolve(failing(state=terminated(137)), conditions=(lost,))
    crashed = [failing(restarts=each, state=terminated(1), last=terminated(1)) for each in (1, 2)]
    first, second = (evolve(each, conditions=(there,)) for each in crashed)
    seen = story((1.0, pod("new-1", conditions=(there,))), (20.0, killed), (21.0, first))
    assert word(21.0, *seen) == "progressing: waiting"
    assert word(22.0, *seen, (22.0, second)) == "failed: crash-loop"


MOUNT = event("FailedMount", 'MountVolume.SetUp failed for volume "certificates" : secret "certificates" not found')


def test_a_secret_that_was_mounted_after_all_is_no_failure_while_the_image_is_pulled() -> None:
    """Volumes come before the sandbox, and that before the image: the condition tells that they are there."""
    conditions = (Condition("PodReadyToStartContainers", "True"),)
    pulling = evolve(CREATING, conditions=conditions)
    assert word(9.0, *story((0.3, CREATING), (0.4, MOUNT))) == "failed: config-missing"
    assert word(9.0, *story((0.3, CREATING), (0.4, MOUNT), (2.0, pulling))) == "progressing: waiting"


@pytest.mark.parametrize("state", [running(NOW), terminated(0, "Completed")])
def test_a_secret_that_was_mounted_after_all_is_no_failure_while_init_containers_work(state: State) -> None:
    """They have the pod's volumes too."""
    init = container("prepare", init=True, ready=False, state=state)
    begun = pod("new-1", init, container(ready=False, state=waiting("PodInitializing"), image_id=""))
    assert word(9.0, *story((0.3, CREATING), (0.4, MOUNT), (2.0, begun))) == "progressing: waiting"


@pytest.mark.parametrize(
    "message",
    [
        'admission webhook "policy.example.com" denied the request: the last scan timed out',
        "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'probes' with binding 'probes' denied request: "
        "livenessProbe: a Timeout of more than 10 s",
        'pods "etcdserver-7d5f-x" is forbidden: violates PodSecurity "restricted:latest": host namespaces',
    ],
)
def test_who_denies_is_no_outage_whatever_it_says_and_of_whom(message: str) -> None:
    """It was asked, and has decided."""
    assert word(1.0, *story((0.5, refusal(message, 2)))) == "failed: creation-refused"
