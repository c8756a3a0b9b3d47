"""What is live and was not declared so: named before anything fails for it, with what it will do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Final

from pipeline_services.judgements.declared import asks_for_more
from pipeline_services.judgements.drift import (
    ANNOTATIONS,
    CAPACITY,
    DELETED,
    ENDPOINTS,
    HELD,
    IMMUTABLE,
    LABELS,
    OWNERS,
    REQUEST,
    ROLE,
    Drift,
)
from pipeline_services.judgements.edited_pods import BUILD
from pipeline_services.judgements.stored import CLASS, RECLAIM, STORAGE, VOLUME
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import MOST_EVIDENCE, About, make_finding
from pipeline_services.triage.causes.policies import DNS
from pipeline_services.triage.drifts import drifts
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import RELEASE, RESTORE

_LOOK: Final = "kubectl get {kind} -n {namespace} {shown}"
_SAVED: Final = "{name}.saved.yaml"
_TAKEN_AWAY: Final = (
    f"kubectl get {{kind}} -n {{namespace}} {{name}} -o yaml > {_SAVED}",
    "kubectl delete {kind} -n {namespace} {name}",
)
_RELEASED: Final = ("kubectl get pod -n {namespace} {name} -o yaml", RELEASE.replace("{pod}", "{name}"))
"""A pod that is held and deleted stays for ever, and nothing takes its place."""
_SAME_BUILD: Final = (
    "kubectl get pods -n {namespace} -l {selector}"
    " -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName,IMAGE:.status.containerStatuses[*].imageID",
    "kubectl rollout restart {workload} -n {namespace}",
)
_MADE_ANEW: Final = (
    "kubectl get secret -n {namespace} {name} -o yaml | sed /^immutable:/d"
    " | kubectl replace -n {namespace} --force -f -"
)
"""A Secret is not applied while its values are right, so that make up leaves alone what else was done to it."""
_CLAIM: Final = KINDS["PersistentVolumeClaim"].name
_PROTECTED: Final = "kubernetes.io/pvc-protection"
_LEFT_ALONE: Final = frozenset({"Secret", _CLAIM, "ClusterRole", "ClusterRoleBinding"})
"""Kinds of which make up takes back nothing that somebody else has added."""
_PATCHED: Final = "kubectl patch {kind} -n {namespace} {name} --type=merge --patch '{patch}'"
_RECLAIM: Final = '{"spec":{"persistentVolumeReclaimPolicy":"{policy}"}}'
_RECLAIMED: Final = (
    "kubectl get persistentvolume {name}",
    f"kubectl patch persistentvolume {{name}} --type=merge --patch '{_RECLAIM}'",
)
_OF_SERVICE: Final = "-n {namespace} -l kubernetes.io/service-name={name}"
_LED_ANEW: Final = (
    f"kubectl get endpointslices {_OF_SERVICE} -o yaml > {_SAVED}",
    f"kubectl delete endpointslices {_OF_SERVICE}",
)
"""The controller writes them anew at once."""
_PUT_BACK: Final = f"kubectl replace -n {{namespace}} --force -f {_SAVED}"

CAUSES: Final = (
    Cause(
        "not-as-declared",
        "an object is not as the manifests declare it",
        Escalation.L2,
        "configuration",
        steps=(_LOOK, RESTORE),
        afterwards="the check of the declared state is green",
    ),
    Cause(
        "autoscaler-extra",
        "there is an HPA that the manifests do not declare",
        Escalation.L2,
        "high-resource-usage",
        steps=_TAKEN_AWAY,
        undo=_PUT_BACK,
        others=True,
        afterwards="no HPA shows <unknown> within a minute",
    ),
    Cause(
        "object-extra",
        "an object that the manifests do not declare acts on the pipeline",
        Escalation.L2,
        "configuration",
        steps=_TAKEN_AWAY,
        undo=_PUT_BACK,
        others=True,
        afterwards="the check of the declared state is green",
    ),
    Cause(
        "pod-edited",
        "a running pod is not what its workload's template says",
        Escalation.L2,
        "configuration",
        steps=("kubectl describe pod -n {namespace} {name}", "kubectl delete pod -n {namespace} {name}"),
        afterwards="the check of the declared state is green",
    ),
)


def with_drifts(evidence: Evidence, found: Sequence[Finding]) -> list[Finding]:
    """The findings, and every object that is not as it was declared: as evidence of a finding that says what is wrong
    with its component already, else as a finding of its own."""
    findings = list(found)
    for drift in drifts(evidence):
        told = next((one for one in findings if _says_why(one, drift)), None)
        if told is None:
            findings.append(_drifted(evidence, drift))
        else:
            seen = told.evidence[: MOST_EVIDENCE - 1]
            is_same = told.subject.rpartition("/")[2] == drift.name  # which it says itself, in other words
            observed = drift.observed
            if is_same or told.subject.startswith(f"pod/{drift.name}-"):
                observed = observed.removeprefix(f"{drift.subject}: ").removeprefix(f"containers[{drift.name}].")
            lines = (*seen, observed) if is_same else (observed, *seen)
            findings[findings.index(told)] = _mended(replace(told, evidence=lines), _drifted(evidence, drift))
    return findings


def _mended(told: Finding, drifted: Finding) -> Finding:
    """A finding whose own commands only show something, or that was only inferred, with the commands that put right
    what was not declared."""
    knows_better = told.mends and told.confidence is Confidence.HIGH
    if knows_better or told.self_healing or not drifted.mends:
        return told
    cause = replace(told.cause, others=told.cause.others or drifted.cause.others)
    return replace(told, cause=cause, next=drifted.next, undo=drifted.undo)


def _says_why(finding: Finding, drift: Drift) -> bool:
    """Whether a finding about the object's component is more than what is seen of the difference."""
    if finding.subject == drift.subject or _lacks_its_volume(finding, drift):
        return True
    if finding.component != drift.component or finding.self_healing:
        return False
    return not finding.cause.symptomatic or not drift.stops


def _lacks_its_volume(finding: Finding, drift: Drift) -> bool:
    """Whether a pod waits for a volume that its workload was not declared with."""
    is_waiting = finding.component == STORAGE and finding.subject.startswith(f"pod/{drift.name}-")
    return is_waiting and any(one.path.startswith("volumes") for one in drift.differences)


def _added(evidence: Evidence, drift: Drift) -> Finding:
    """What nobody declared."""
    is_autoscaler = drift.kind == "HorizontalPodAutoscaler"
    named = {"kind": drift.kind.lower(), "name": drift.name}
    affects = None if is_autoscaler else ()
    told = make_finding(
        About(evidence, drift.component, subject=drift.subject, affects=affects, details=named),
        "autoscaler-extra" if is_autoscaler else "object-extra",
        f"{drift.observed}; so {drift.extra}",
        drift.observed,
        since=evidence.changed(drift.kind, drift.name),
    )
    return _without_namespace(evidence, told, drift.kind)


def _drifted(evidence: Evidence, drift: Drift) -> Finding:
    if drift.extra:
        return _added(evidence, drift)
    since = evidence.changed(drift.kind, drift.name)
    named = {"kind": drift.kind.lower(), "name": drift.name, "shown": drift.shown}
    asks_elsewhere = {DNS for one in drift.differences if one.path.startswith("dns")}
    about = About(
        evidence,
        drift.component,
        subject=drift.subject,
        affects={*evidence.pipeline.affected_by(drift.component), *asks_elsewhere} if drift.stops else (),
        details=named,
    )
    told = make_finding(
        about,
        "pod-edited" if drift.kind == "Pod" else "not-as-declared",
        f"{drift.observed}; so {drift.does}",
        *(f"{drift.subject}: {one}" for one in drift.differences),
        since=since,
        steps=_steps(drift),
    )
    if any(f"> {drift.name}.saved.yaml" in step for step in told.next):
        told = replace(told, undo=about.filled(_PUT_BACK))
    return _in_the_cluster(_without_namespace(evidence, told, drift.kind), drift)


def _without_namespace(evidence: Evidence, told: Finding, kind: str) -> Finding:
    """The finding with commands that name no namespace, where what it is about stands in none."""
    if KINDS[kind].namespaced or kind == KINDS["Namespace"].name:
        return told
    namespace = f" -n {evidence.snapshot.namespace}"
    steps = tuple(step.replace(namespace, "") for step in told.next)
    return replace(told, next=steps, undo=told.undo.replace(namespace, ""))


def is_led_anew(drift: Drift) -> bool:
    """Whether nothing of a Service differs but what a controller writes about where it leads."""
    return bool(drift.differences) and all(one.path.startswith(ENDPOINTS) for one in drift.differences)


def _in_the_cluster(told: Finding, drift: Drift) -> Finding:
    """No deploy of a pipeline makes a storage class, and what is said of a volume can be taken back."""
    if drift.kind == CLASS:
        return replace(told, next=(*told.next[:-1], RESTORE))
    if drift.kind == VOLUME and drift.differences[0].path == RECLAIM:
        was, wanted = (f'Policy":"{one}"' for one in (drift.differences[0].live, drift.differences[0].declared))
        return replace(told, undo=told.next[-1].replace(wanted, was))
    return told


def _steps(drift: Drift) -> tuple[str, ...] | None:
    """What is typed where deleting the object, or make up, does not put it right; None: the cause's own."""
    first = drift.differences[0] if drift.differences else None
    if first and drift.kind == "Pod" and first.path == HELD:
        return _RELEASED
    if first and first.path.startswith(BUILD):
        return _SAME_BUILD
    if first and drift.kind == VOLUME:  # what is deleted goes with its claim, unless it is kept
        policy = "Retain" if first.path == DELETED else str(first.declared)
        return tuple(step.replace("{policy}", policy) for step in _RECLAIMED)
    if first and is_led_anew(drift):
        return _LED_ANEW
    return _of_metadata(drift, {one.path for one in drift.differences}) if first else None


def _of_metadata(drift: Drift, paths: set[str]) -> tuple[str, ...] | None:
    """The same for what stands beside an object's spec."""
    if CAPACITY in paths or any(one.path == REQUEST and asks_for_more(one) for one in drift.differences):
        return ("kubectl describe {kind} -n {namespace} {name}",)
    if any(path.startswith(ROLE) for path in paths):
        return *_TAKEN_AWAY, RESTORE
    if {DELETED, HELD} <= paths and drift.kind != KINDS["Namespace"].name:
        return _TAKEN_AWAY[0], *_untied(drift.kind, paths), RESTORE
    if drift.kind in _LEFT_ALONE and paths & {HELD, OWNERS, IMMUTABLE}:
        anew = (_MADE_ANEW,) if IMMUTABLE in paths else ()
        return _LOOK, *_untied(drift.kind, paths), *anew, *((RESTORE,) if paths - {HELD, OWNERS, IMMUTABLE} else ())
    if patch := _without_marks(drift):
        return _LOOK, _patched(patch)
    return None


def _patched(metadata: Mapping[str, Any]) -> str:
    return _PATCHED.replace("{patch}", json.dumps({"metadata": metadata}, separators=(",", ":")))


def _untied(kind: str, paths: Set[str]) -> tuple[str, ...]:
    """What frees an object of those who hold it and of whom it goes with; a claim stays protected while it is used."""
    held = {"finalizers": [_PROTECTED] if kind == _CLAIM else None} if HELD in paths else {}
    patch = {**held, **({"ownerReferences": None} if OWNERS in paths else {})}
    return (_patched(patch),) if patch else ()


def _without_marks(drift: Drift) -> dict[str, dict[str, None]]:
    """The metadata that takes away what no deployment does: annotations and labels that were added.

    Nothing where more than that differs.
    """
    if drift.kind not in (KINDS["Namespace"].name, KINDS["Service"].name):
        return {}
    added = [one.path for one in drift.differences if one.declared is None]
    found = {
        kind: {path.removeprefix(begin): None for path in sorted(added) if path.startswith(begin)}
        for kind, begin in (("annotations", ANNOTATIONS), ("labels", LABELS))
    }
    whole = sum(map(len, found.values())) == len(drift.differences)
    return {kind: marks for kind, marks in found.items() if marks} if whole else {}
