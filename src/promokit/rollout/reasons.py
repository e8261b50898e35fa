"""The closed list of reason words that a verdict on a rollout is told in, each with its remedy."""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    # progressing and succeeded
    "waiting": "",
    "complete": "",
    "stabilizing": "",
    # failed
    "crash-loop": "read the container's log; roll back if the fault is in the image",
    "out-of-memory": "raise the container's memory limit, or find what takes the memory; roll back if it is new",
    "liveness-killed": "the liveness probe kills the container: give it a startup probe, or mend what the probe asks",
    "startup-killed": "the startup probe kills the container: raise its failureThreshold, or mend what it asks",
    "cannot-start": "check the image's command and architecture",
    "wrong-platform": "build the image for the architecture of the nodes",
    "image-invalid": "write the image as repository:tag@sha256:…",
    "image-not-found": "check that the digest is in the registry and wasn't deleted by a lifecycle rule",
    "pull-refused": "let the nodes pull from this repository (node role, imagePullSecrets)",
    "pull-fails": "see why the node can't pull: the registry, its certificate, the network",
    "config-missing": "create the ConfigMap, Secret or key that is named",
    "config-refused": "mend in the pod template what the kubelet names",
    "unschedulable": "free or add capacity for the pod's requests, or mend its node selectors and tolerations",
    "quota": "raise the ResourceQuota, or lower requests or maxSurge",
    "creation-refused": "change the pod template to what the admission policy allows that is named",
    "creation-fails": "see why pods can't be created: the webhook or API server that is named",
    "init-failed": "read the init container's log",
    "half-changed": "the workloads run two images: run it again, or roll back",
    "no-progress": "look at what is missing; a probe that never passes is the usual cause",
    # a Job
    "running": "",
    "suspended": "the Job is suspended: nothing runs until spec.suspend is false",
    "job-failed": "read the log of the Job's pods; mend the migration and promote a new build, or run it again",
    "deadline-exceeded": "it took longer than activeDeadlineSeconds: see what it waits for, then run it again",
    "deleted": "somebody deleted the Job: check the schema's state, then run the migration again",
    # timed out
    "timeout": "look at what is missing; delete a pod that is in the way; raise the timeout if it starts slowly",
    # inconclusive
    "superseded": "somebody else changed the pod template meanwhile: see the environment's history",
    "on-delete": "its updateStrategy is OnDelete: nothing rolls out by itself; set RollingUpdate",
    "all-kept": "its partition keeps all pods: lower updateStrategy.rollingUpdate.partition, or nothing rolls out",
    "replaced": "the object was deleted or made anew meanwhile: see who did it, then run this again",
    "paused": "the Deployment is paused: kubectl rollout resume, then run this again",
    "no-workload": "apply the manifests first, or mend workloads: in promokit.yaml",
    "no-pods": "the dump shows no pods: kubectl get deployments,replicasets,pods,events -o json",
    "blind": "the API server couldn't be watched; run this again to see how the rollout ended",
}
