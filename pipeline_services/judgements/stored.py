"""What the volumes are made by, and what becomes of them once their claims go: as their storage class says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline_services.judgements.comparison import Difference
from pipeline_services.judgements.drift import DELETED, Drift
from pipeline_services.judgements.volumes import belongs_to
from pipeline_services.model.k8s import K8sObject, annotations_of, deletion_time, is_terminating, name_of, spec_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

VOLUME: Final = KINDS["PersistentVolume"].name
CLASS: Final = KINDS["StorageClass"].name
STORAGE: Final = "storage"
RECLAIM: Final = "persistentVolumeReclaimPolicy"
_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_BEFORE: Final = "storageclass.beta.kubernetes.io/is-default-class"
"""How older installations mark it; the API server goes by either."""
_YES: Final = "true"


def stored_otherwise(snapshot: Snapshot) -> Iterator[Drift]:
    """The volumes that are kept, or go, against what their class says; and a class that new claims do not find."""
    parts = [snapshot.pipeline[app] for app in snapshot.pipeline.with_volume]
    claims = [one for one in snapshot.data("pvcs") if any(belongs_to(name_of(one), part) for part in parts)]
    for claim in claims:
        spec = spec_of(claim)
        made_by = named(snapshot, "storageclasses", str(spec.get("storageClassName")))
        volume = named(snapshot, "persistentvolumes", str(spec.get("volumeName")))
        if made_by and volume:
            found, wanted = spec_of(volume).get(RECLAIM, "Retain"), made_by.get("reclaimPolicy", "Delete")
            kept = (Difference(RECLAIM, found, wanted),) if found != wanted else ()
            gone = (Difference(DELETED, deletion_time(volume), None),) if is_terminating(volume) else ()
            if differs := (*gone, *kept):
                yield Drift(VOLUME, name_of(volume), STORAGE, differs, of=f"claim {name_of(claim)}")
    yield from _default(snapshot, claims)


def _default(snapshot: Snapshot, claims: list[K8sObject]) -> Iterator[Drift]:
    """That claims which name no class get one, and which: that of the claims that there are."""
    classes = snapshot.data("storageclasses")
    declared = [one for one in snapshot.data("declared") if one["kind"] == "PersistentVolumeClaim"]
    if all(spec_of(one).get("storageClassName") for one in declared):
        return
    usual = next((str(spec_of(one)["storageClassName"]) for one in claims if "storageClassName" in spec_of(one)), "")
    if usual and not any(name_of(one) == usual for one in classes):
        yield Drift(CLASS, usual, STORAGE)
    elif not any(_YES in map(annotations_of(one).get, (_DEFAULT, _DEFAULT_BEFORE)) for one in classes):
        yield Drift(CLASS, usual or "none", STORAGE, (Difference(f"metadata.annotations.{_DEFAULT}", None, _YES),))
