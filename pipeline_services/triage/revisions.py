"""Which revisions of a workload the cluster keeps: where a rollback goes to, and where its undo does. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    annotations_of,
    condition,
    is_observed,
    is_ready,
    labels_of,
    owners_of,
    spec_of,
    status_of,
)
from pipeline_services.model.pipeline import STATEFUL_SET
from pipeline_services.triage.evidence import Evidence

LATELY_S: Final = 3_600.0
"""Seconds within which a change may be why something fails now."""
ROLLS_BACK: Final = " rollout undo "
_HISTORY: Final = " rollout history "
_OF_DEPLOYMENT: Final = "deployment.kubernetes.io/revision"
_COMPLETED: Final = "NewReplicaSetAvailable"


def revisions(evidence: Evidence, workload: str) -> list[int]:
    """The numbers of the kept revisions, the current one last; none where they are not known.

    Args:
        workload: as kubectl takes it, ``deployment/producer``.
    """
    kept = [*evidence.objects("replicasets"), *evidence.objects("controllerrevisions")]
    own = (one for one in kept if workload in _owners(one))
    return sorted(filter(None, map(_number, own)))


def options(evidence: Evidence, workload: str) -> dict[str, str]:
    """``{to_previous}`` and ``{to_current}``: the option of ``kubectl rollout undo`` that names the revision, so that
    the command does nothing when it is typed again; empty where there is no earlier one, or it is not known."""
    kept = revisions(evidence, workload)
    previous, current = (f" --to-revision={number}" for number in kept[-2:]) if len(kept) > 1 else ("", "")
    return {"to_previous": previous, "to_current": current}


def may_roll_back(evidence: Evidence, part: Component) -> bool:
    """Whether what is wrong may be what was rolled out: that was lately, or has never been complete, and an earlier
    revision is kept, as far as that is known."""
    if not part.kind or len(revisions(evidence, part.kubectl_name)) == 1:
        return False
    changed = evidence.changed(part.kind, part.workload, "spec.template")
    if changed is not None and evidence.now - changed < LATELY_S:
        return True
    workload = evidence.object(part.list_name, part.workload)
    return workload is not None and not _has_completed(workload)


def keeps_waiting(evidence: Evidence, part: Component, pod: K8sObject) -> bool:
    """Whether the pod is of an earlier revision of a StatefulSet, which replaces no pod before it is ready: once its
    template is put right, somebody has to delete a pod that never will be (kubernetes#67250)."""
    workload = evidence.object(part.list_name, part.workload) if part.kind == STATEFUL_SET else None
    if workload is None or is_ready(pod) or not is_observed(workload):
        return False
    held = ((spec_of(workload).get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition")
    revision, wanted = labels_of(pod).get("controller-revision-hash"), status_of(workload).get("updateRevision")
    return not held and None not in (revision, wanted) and revision != wanted


def without_rollback(steps: Iterable[str]) -> tuple[str, ...]:
    """The steps without the command that rolls back, and without the history that it needs, where others remain."""
    looks = tuple(step for step in steps if ROLLS_BACK not in step)
    return tuple(step for step in looks if _HISTORY not in step) or looks


def _has_completed(workload: K8sObject) -> bool:
    """Whether the current template has worked, whatever its pods do now; so, too, where that is not known."""
    status, progress = status_of(workload), condition(workload, "Progressing").get("reason", _COMPLETED)
    return status.get("currentRevision") == status.get("updateRevision") and progress == _COMPLETED


def _owners(kept: K8sObject) -> list[str]:
    return [f"{owner['kind'].lower()}/{owner['name']}" for owner in owners_of(kept)]


def _number(kept: K8sObject) -> int:
    return int(kept.get("revision") or annotations_of(kept).get(_OF_DEPLOYMENT) or 0)
