"""A cluster's one node: containerd and the kubelet, in a process and mount namespace of their own.

The first process there is `pause`: when it ends, the kernel ends containerd, the kubelet and every container
with it, and their mounts go too. So nothing of a node can be left behind, however the lab ends.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab import certificates, cgroups, processes
from tests.lab.api import Api
from tests.lab.commands import run
from tests.lab.layout import BIN, ECR_HOST, PAUSE_IMAGE, REGISTRY_URL, Cluster

MOUNT_POINTS = ("/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers")
"""Folders that the node's programs have built in; inside the node each is a folder of the cluster's data."""

_ENTER = """
set -e
data=$1; shift
for path in "$@"; do mkdir -p "$data$path"; mount --bind "$data$path" "$path"; done
exec "$PAUSE"
"""


def start(cluster: Cluster) -> None:
    """Start the node's namespace, containerd and the kubelet. The API server needn't answer yet."""
    cgroups.make(cluster)
    (cluster.run / "containerd").mkdir(parents=True, exist_ok=True)
    for path in MOUNT_POINTS:
        Path(path).mkdir(parents=True, exist_ok=True)
    holder = processes.start(
        f"{cluster.name}-node",
        [
            *(
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--propagation",
                "slave",
            ),
            *("sh", "-c", _ENTER, "sh", cluster.data / "node", *MOUNT_POINTS),
        ],
        environ={"PAUSE": str(BIN / "pause")},
    )
    first = processes.child_of(holder)
    processes.wait_until(holder.name, lambda: _is_pause(first), seconds=10, remedy="see the log.")
    containerd = [*_enter(first), "containerd", "--config", _containerd_config(cluster)]
    processes.start(f"{cluster.name}-containerd", containerd)
    processes.wait_until(
        f"{cluster.name}-containerd", _socket(cluster).is_socket, seconds=30, remedy="see the log above."
    )
    _kubelet_config(cluster)
    start_kubelet(cluster)


def start_kubelet(cluster: Cluster) -> None:
    """Start the kubelet in the node's namespace, which must be there: for the first time, or after `stop_kubelet`."""
    first = processes.child_of(processes.named(f"{cluster.name}-node"))
    processes.start(
        f"{cluster.name}-kubelet",
        [
            *_enter(first),
            BIN / "kubelet",
            f"--config={cluster.run / 'kubelet.json'}",
            f"--kubeconfig={certificates.kubeconfig(cluster, certificates.node(cluster))}",
            f"--hostname-override={cluster.name}",
            f"--node-ip={cluster.node_address}",
            f"--cert-dir={cluster.run / 'kubelet'}",
        ],
    )


def has_kubelet(cluster: Cluster) -> bool:
    """Whether the kubelet is started and wasn't stopped."""
    return any(program.name == f"{cluster.name}-kubelet" for program in processes.recorded())


def stop_kubelet(cluster: Cluster) -> None:
    """End the kubelet alone: to the cluster the node is gone, while its containers go on."""
    entered = processes.named(f"{cluster.name}-kubelet")
    kubelet = processes.child_of(entered)  # nsenter waits for it, and wouldn't take it along
    began = processes.start_time(kubelet) or ""
    processes.stop([processes.Recorded("kubelet", kubelet, began, entered.stop_signal), entered])


def mirror(cluster: Cluster, host: str, url: str) -> None:
    """Have the node pull the images of a host from this URL, from its next pull on.

    It stands for the host itself, not for a mirror of it: what it refuses isn't asked of anybody else.
    """
    folder = cluster.run / "certs.d" / host
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.toml").write_text(f'server = "{url}"\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n')


def forget_image(cluster: Cluster, digest: str) -> None:
    """Have the node forget an image, by its index's digest, so that it has to pull it again."""
    ctr = ("ctr", f"--address={_socket(cluster)}", "--namespace=k8s.io", "images")
    names = [line.split()[0] for line in run(*ctr, "list").splitlines() if digest in line]
    if names:
        run(*ctr, "remove", *names)


def _enter(first: int) -> list[str | Path]:
    return ["nsenter", f"--target={first}", "--mount", "--pid", "--"]


def wait_until_ready(cluster: Cluster) -> None:
    """Wait until the cluster has its node, and the node is Ready."""
    processes.wait_until(
        f"{cluster.name}-kubelet",
        lambda: _is_ready(cluster),
        seconds=60,
        remedy=f"see also the log of {cluster.name}-containerd.",
    )


def _is_ready(cluster: Cluster) -> bool:
    listed = Api(cluster).get("/api/v1/nodes")["items"]
    conditions = [condition for node in listed for condition in node["status"].get("conditions", [])]
    return any(it["type"] == "Ready" and it["status"] == "True" for it in conditions)


def _is_pause(pid: int) -> bool:
    """Whether the shell has mounted all and become `pause`."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == str(BIN / "pause").encode()


def _socket(cluster: Cluster) -> Path:
    return cluster.run / "containerd" / "containerd.sock"


def _containerd_config(cluster: Cluster) -> Path:
    """containerd's settings: images under the ECR host's name come from the lab's registry."""
    mirror(cluster, ECR_HOST, REGISTRY_URL)
    path = cluster.run / "containerd.toml"
    path.write_text(f"""version = 2
root = "{cluster.data / "containerd"}"
state = "{cluster.run / "containerd"}"
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "{_socket(cluster)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true  # lowering it takes CAP_SYS_RESOURCE, which root lacks on some machines
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{_cni_config(cluster)}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{cluster.run / "certs.d"}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
""")
    return path


def _cni_config(cluster: Cluster) -> Path:
    """The pods' network: an address of the subnet on the bridge, and no route beyond it."""
    folder = cluster.run / "cni"
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": cluster.subnet}]],
        "dataDir": str(cluster.data / "cni"),
    }
    plugin = {
        "type": "bridge",
        "bridge": cluster.bridge,
        "isGateway": False,
        "ipMasq": False,
        "ipam": addresses,
    }
    network = {"cniVersion": "0.4.0", "name": cluster.name, "plugins": [plugin]}
    (folder / "10-lab.conflist").write_text(json.dumps(network, indent=1))
    return folder


def _kubelet_config(cluster: Cluster) -> None:
    """Write the kubelet's settings: no eviction and no swap check, since the disk and memory are a developer's."""
    settings = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": cluster.node_address,
        "port": cluster.port(250),
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": cluster.port(248),
        "containerRuntimeEndpoint": f"unix://{_socket(cluster)}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(cluster.run / "pki" / "ca.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},
        # Nobody answers there: a lookup fails at once, and the kubelet doesn't warn in every pod's events.
        "clusterDNS": [cluster.node_address],
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.path_of(cluster),
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": ["none"],
        "makeIPTablesUtilChains": False,
        "serializeImagePulls": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%"},
        "volumePluginDir": str(cluster.data / "volume-plugins"),
    }
    (cluster.run / "kubelet.json").write_text(json.dumps(settings, indent=1))
