"""Events: whom they are about, when they were seen first and last, how often."""

from __future__ import annotations

from pipeline_services.model.k8s.objects import K8sObject, epoch


def involved_object(event: K8sObject) -> tuple[str, str]:
    """Kind and name of the object that the event is about."""
    found = event.get("involvedObject") or {}
    return str(found.get("kind", "")), str(found.get("name", ""))


def reporter_of(event: K8sObject) -> str:
    """The program that wrote the event; empty where it does not say."""
    return str(event.get("reportingComponent") or (event.get("source") or {}).get("component") or "")


def last_seen(event: K8sObject) -> float:
    """When the event happened last, in epoch seconds; 0 where it does not say."""
    series = event.get("series") or {}
    stamps = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return max((epoch(stamp) for stamp in stamps if stamp), default=0.0) or _written_at(event)


def first_seen(event: K8sObject) -> float:
    """When the event happened first, in epoch seconds; 0 where it does not say."""
    stamp = event.get("firstTimestamp") or event.get("eventTime")
    return epoch(stamp) if stamp else _written_at(event) or last_seen(event)


def times_seen(event: K8sObject) -> int:
    """How often the event happened."""
    return int(event.get("count") or (event.get("series") or {}).get("count") or 1)


def _written_at(event: K8sObject) -> float:
    stamp = (event.get("metadata") or {}).get("creationTimestamp")
    return epoch(stamp) if stamp else 0.0
