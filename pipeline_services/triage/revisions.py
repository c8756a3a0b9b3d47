"""Which revisions of a workload the cluster keeps: where a rollback goes to, and where its undo does. Pure."""

from __future__ import annotations

from typing import Final

from pipeline_services.model.k8s import K8sObject, annotations_of, owners_of
from pipeline_services.triage.evidence import Evidence

_OF_DEPLOYMENT: Final = "deployment.kubernetes.io/revision"


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


def _owners(kept: K8sObject) -> list[str]:
    return [f"{owner['kind'].lower()}/{owner['name']}" for owner in owners_of(kept)]


def _number(kept: K8sObject) -> int:
    return int(kept.get("revision") or annotations_of(kept).get(_OF_DEPLOYMENT) or 0)
