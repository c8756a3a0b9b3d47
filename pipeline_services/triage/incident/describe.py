"""The objects that a finding is about, as text: what ``kubectl describe`` would have shown at that moment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    annotations_of,
    creation_time,
    involved_object,
    labels_of,
    last_seen,
    name_of,
    namespace_of,
    times_seen,
)
from pipeline_services.model.kinds import WORKLOAD_KINDS, kind_of
from pipeline_services.model.text import utc
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Finding

LISTS: Final = (
    *("pods", *(kind.source for kind in WORKLOAD_KINDS), "replicasets", "hpas", "pvcs", "services", "endpointslices"),
    *("configmaps", "networkpolicies", "nodes", "system_deployments", "system_daemonsets", "system_pods"),
)
"""The lists of the snapshot that hold whole objects."""
WHOLE_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "node": ("nodes",),
    "storage": ("pvcs",),
    "network": ("networkpolicies", "services", "endpointslices"),
    "dns": ("system_deployments", "system_pods"),
    "hpa": ("hpas", "system_deployments"),
    "config": ("configmaps",),
}
"""What belongs to a component that has no pods of its own."""
_LINE: Final = 160
_EVENTS: Final = 30


def described(snapshot: Snapshot, findings: Iterable[Finding]) -> dict[str, str]:
    """File name to text, for every object that a finding is about: its component's and its subject."""
    known = list(findings)
    concerned = {finding.component for finding in known}
    subjects = {finding.subject.rpartition("/")[2] for finding in known if finding.subject}
    parts = [part for component in concerned for part in snapshot.pipeline.parts_of(component)]
    whole = {source for component in concerned for source in WHOLE_LISTS.get(component, ())}
    texts = {}
    for source in LISTS:
        kind = kind_of(source).name
        for item in _items(snapshot, source):
            if source in whole or name_of(item) in subjects or any(_belongs(item, kind, part) for part in parts):
                texts[f"{kind.lower()}-{name_of(item)}.txt"] = text(kind, item, _items(snapshot, "events"))
    return texts


def text(kind: str, item: K8sObject, events: Sequence[K8sObject]) -> str:
    """One object: what it is, what it should be, how it is, and what was said of it."""
    head = {
        "Kind": kind,
        "Name": name_of(item),
        "Namespace": namespace_of(item),
        "Created": creation_time(item),
        "Labels": dict(labels_of(item)),
        "Annotations": dict(annotations_of(item)),
    }
    rest = {key: value for key, value in item.items() if key not in ("metadata", "kind", "apiVersion")}
    said = [event for event in events if involved_object(event) == (kind, name_of(item))]
    lines = [_event(event) for event in sorted(said, key=last_seen)[-_EVENTS:]]
    return f"{_yaml(head)}\n{_yaml(rest)}\nEvents:\n" + ("\n".join(lines) or "  none") + "\n"


def events_text(snapshot: Snapshot) -> str:
    """All events, oldest first, a line each."""
    return "\n".join(_event(event) for event in sorted(_items(snapshot, "events"), key=last_seen)) + "\n"


def logs(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """File name and text of every container's log, and of what it wrote before its last restart."""
    for source in sorted(snapshot.answers):
        if not source.startswith("logs/"):
            continue
        for tail in snapshot.answers[source]:
            name = f"{tail.get('pod')}-{tail.get('container')}"
            if tail.get("lines") or tail.get("error"):
                yield f"{name}.log", "\n".join([*tail.get("lines", ()), *_why(tail)]) + "\n"
            if tail.get("previous"):
                yield f"{name}-previous.log", "\n".join(tail["previous"]) + "\n"


def _why(tail: Mapping[str, Any]) -> list[str]:
    return [f"(no log: {tail['error']})"] if tail.get("error") else []


def _items(snapshot: Snapshot, source: str) -> list[K8sObject]:
    return [item for item in snapshot.data_or(source, ()) if "metadata" in item]


def _belongs(item: K8sObject, kind: str, part: Component) -> bool:
    return (kind, name_of(item)) == (part.kind, part.workload) or part.owns(item)


def _event(event: K8sObject) -> str:
    kind, name = involved_object(event)
    what = f"{event.get('reason')}  {kind.lower()}/{name} x{times_seen(event)}: {event.get('message', '')}"
    return f"  {utc(last_seen(event))}  {event.get('type')}  {what}"


def _yaml(document: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=_LINE))
