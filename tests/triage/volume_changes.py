"""What became of a volume beside its claim, just as the objects would look."""

from __future__ import annotations

from tests.judgements.world import World
from tests.triage.differences import MOMENT


def volume_kept(world: World) -> None:
    """A volume is to stay when its claim goes."""
    world.answers["persistentvolumes"][0]["spec"]["persistentVolumeReclaimPolicy"] = "Retain"


def volume_deleted(world: World) -> None:
    """Somebody deleted a volume that is in use: it goes as soon as its claim does."""
    metadata = world.answers["persistentvolumes"][0]["metadata"]
    metadata |= {"deletionTimestamp": MOMENT, "finalizers": ["kubernetes.io/pv-protection"]}


def volume_not_grown(world: World) -> None:
    """A claim was made larger, and its file system waits for a pod that mounts it anew."""
    pending = {"type": "FileSystemResizePending", "status": "True", "lastTransitionTime": MOMENT}
    world.item("pvcs", "data-influxdb-0")["status"] |= {"capacity": {"storage": "2Gi"}, "conditions": [pending]}


def claim_grown(world: World) -> None:
    """A claim was given more in an emergency, and its volume is as large."""
    claim = world.item("pvcs", "data-kafka-0")
    claim["spec"]["resources"]["requests"]["storage"] = "50Gi"
    claim["status"]["capacity"] = {"storage": "50Gi"}
