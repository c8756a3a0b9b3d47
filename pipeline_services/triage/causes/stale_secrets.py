"""Pods that started before a Secret was replaced, and go on with what they read then (section 5's rotations)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.k8s import K8sObject, epoch, name_of, started_at
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Finding

_PASSWORD: Final = "password"
_TLS: Final = r"(?i)x509|certificate"
REFUSED: Final = r"(?i)\b401\b|unauthorized"


def of_processor(evidence: Evidence, lines: Iterable[str]) -> Iterator[Finding]:
    """That the processor does not trust InfluxDB's certificate since it holds an older authority's.

    Args:
        lines: what the processor says of the certificate, as evidence.
    """
    yield from _holding(evidence, roles.PROCESSOR, _authority(evidence), "does not trust InfluxDB's certificate", lines)


def of_data_source(evidence: Evidence, why: str) -> Iterator[Finding]:
    """That Grafana reads InfluxDB with a token, or trusts it by an authority, from before its last start.

    Args:
        why: what Grafana says of its data source.
    """
    if re.search(_TLS, why):
        does = "does not trust InfluxDB's certificate"
        yield from _holding(evidence, roles.GRAFANA, _authority(evidence), does, [why])
    elif re.search(REFUSED, why):
        yield from _holding(evidence, roles.GRAFANA, evidence.pipeline.config.read_token, "is refused", [why])


def of_grafana(evidence: Evidence, refused: str) -> Iterator[Finding]:
    """That Grafana goes on with the password of its administrator from before its last start.

    Args:
        refused: what it does not let the administrator read.
    """
    held = SecretKey(evidence.pipeline.dashboard.admin, _PASSWORD)
    yield from _holding(evidence, roles.GRAFANA, held, "refuses the password", [refused])


def _authority(evidence: Evidence) -> SecretKey:
    return SecretKey(evidence.pipeline.config.tls, evidence.pipeline.config.ca)


def _holding(evidence: Evidence, component: str, held: SecretKey, does: str, seen: Iterable[str]) -> Iterator[Finding]:
    written = _written(evidence, held)
    stale = [pod for pod in evidence.ready(component) if written and (started_at(pod) or written) < written]
    if stale:
        subject = f"pod/{name_of(stale[0])}" if len(stale) == 1 else ""
        yield make_finding(
            About(evidence, evidence.pipeline[component], subject=subject),
            "pod-holds-old-secret",
            f"{component} {does}: it started before {held.key} of Secret {held.secret} was replaced",
            *seen,
            since=written,
        )


def _written(evidence: Evidence, held: SecretKey) -> float | None:
    """When the key was written last, epoch seconds; None where nobody says."""
    secrets: list[K8sObject] = evidence.data("secrets") or []
    key = next((one["keys"].get(held.key) for one in secrets if one["name"] == held.secret), None) or {}
    return epoch(key["written"]) if key.get("written") else None
