"""Faults of storage: a volume that is really full, on a small file system of its own so that the machine's is not.

The volume is a folder of the node's disk, which has no quota. While its pod is away its contents move to a file system
in a file, which is mounted over the folder and then filled. The undo moves all of it back, what was written since too.
"""

from __future__ import annotations

from typing import Final

from pipeline_services.faults.journal import Call, Command
from pipeline_services.faults.model import Api, Fault, Proof, object_path
from pipeline_services.faults.pods import container_name
from pipeline_services.faults.processes import FIRST_PROCESS
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import spec_of, volume_of
from pipeline_services.model.kinds import KINDS, MERGE_PATCH

ROOM_MIB: Final = 48
"""What the small file system has beside the volume's contents, before it is filled."""
LARGEST_MIB: Final = 4096
"""Contents of more than this are not copied for a test."""
# $1 the container that uses the volume, $2 the folder. Its process has ended and the kubelet has let go of the folder,
# or the script gives up after 50 s. What is mounted before that is in the pod's own mount too: the kubelet takes both.
_AWAIT_END: Final = f"""{FIRST_PROCESS}
volume=$(basename "$2")
volume=${{volume%%_*}}
n=0
while [ -n "$(first_process "$1")" ] || grep -q " /var/lib/kubelet/pods/[^ ]*/$volume " /proc/self/mountinfo; do
  n=$((n + 1)); [ $n -lt 250 ] || {{ echo "$1 does not end"; exit 1; }}; sleep 0.2
done
"""
# $2 the folder, $3 room in MiB, $4 the most contents in MiB.
_SHRINK: Final = f"""set -e
{_AWAIT_END}
mountpoint -q "$2" && exit 0
used=$(du -sm "$2" | cut -f1)
[ "$used" -lt "$4" ] || {{ echo "the volume holds $used MiB"; exit 1; }}
truncate -s $((used + used / 8 + $3))M "$2.img"
mkfs.ext4 -q -F -m 0 "$2.img"
mkdir -p "$2.new"
mount -o loop "$2.img" "$2.new"
rmdir "$2.new/lost+found"
cp -a "$2/." "$2.new/"
umount "$2.new"
rmdir "$2.new"
mount -o loop "$2.img" "$2"
"""
# Waits until the process has run for some seconds, then takes all the room that is left, the reserve for root included.
_FILL: Final = f"""{FIRST_PROCESS}
n=0
until [ -n "$(first_process "$1")" ]; do
  n=$((n + 1)); [ $n -lt 200 ] || {{ echo "$1 does not start"; exit 1; }}; sleep 0.2
done
sleep 5
mountpoint -q "$2" || {{ echo "$2 is no file system of its own"; exit 1; }}
dd if=/dev/zero of="$2/.filled-by-fault" bs=64k >/dev/null 2>&1
sync "$2/.filled-by-fault"
"""
# Safe to run again wherever it was cut off: the copy counts only once it has its final name.
_RESTORE: Final = f"""set -e
{_AWAIT_END}
if mountpoint -q "$2"; then
  rm -rf "$2/.filled-by-fault" "$2.part" "$2.whole"
  cp -a "$2/." "$2.part/"
  sync
  mv "$2.part" "$2.whole"
  umount "$2"
fi
if [ -d "$2.whole" ]; then
  rm -rf "$2"
  mv "$2.whole" "$2"
fi
rm -rf "$2.img" "$2.new" "$2.part"
"""


def volume_full(api: Api, part: Component, namespace: str, stops_storing: Proof) -> Fault:
    """The fault that fills the volume of a StatefulSet's only pod; the pod is restarted for it, and for its undo.

    Args:
        stops_storing: how it shows in the data path.

    Raises:
        PreconditionNotMet: the volume is no folder of the node.
    """
    workload = object_path(part.list_name, part.workload, namespace)
    folder = _folder(api, part.volume, namespace)
    words = ["sh", container_name(part, namespace), folder]
    return Fault(
        f"the volume of {part.first_pod} is full",
        [
            _scaled(workload, 0),
            Command(["sh", "-c", _SHRINK, *words, str(ROOM_MIB), str(LARGEST_MIB)], f"{folder} moved to a small disk"),
            _scaled(workload, 1),
            Command(["sh", "-c", _FILL, *words], f"{folder} filled"),
        ],
        [
            _scaled(workload, 0),
            Command(["sh", "-c", _RESTORE, *words], f"{folder} moved back, without what filled it"),
            _scaled(workload, 1),
        ],
        stops_storing,
        pods=(part.first_pod,),
    )


def _folder(api: Api, claim: str, namespace: str) -> str:
    volume = volume_of(api.call("GET", object_path("persistentvolumeclaims", claim, namespace)))
    spec = spec_of(api.call("GET", KINDS["PersistentVolume"].path(name=volume)))
    path = (spec.get("hostPath") or spec.get("local") or {}).get("path", "")
    if not path.startswith("/var/") or claim not in path:
        raise PreconditionNotMet(f"the volume of {claim} is no folder of the node that may be filled: {path or spec}")
    return str(path)


def _scaled(workload: str, replicas: int) -> Call:
    return Call("PATCH", workload, {"spec": {"replicas": replicas}}, MERGE_PATCH)
