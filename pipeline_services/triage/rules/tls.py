"""InfluxDB's certificate: expired, about to, not trusted, or not the one that is served (section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import tls
from pipeline_services.model import roles
from pipeline_services.model.k8s import K8sObject
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.rules.finding import make_finding

_TLS_TROUBLE: Final = r"(?i)certificate|CERTIFICATE_VERIFY|\(tls\)|x509|unknown authority|self.signed"

_UNUSABLE: Final = r"(?i)private key|\bPEM\b|failed to (load|find|parse).*(certificate|key)"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Expired before anything else, then not loaded, not trusted, about to expire."""
    shown: dict[str, Any] = evidence.data("tls") or {}
    served, stored, secret = shown.get("served"), shown.get("secret"), evidence.pipeline.config.tls
    common: dict[str, Any] = {"subject": f"secret/{secret}", "since": evidence.changed("secrets", secret)}
    lines = [f"log: {line}" for line in evidence.said(roles.PROCESSOR, _TLS_TROUBLE)[-2:]]
    for where, certificate in (("served", served), ("Secret's", stored)):
        if certificate and certificate["not_after"] <= evidence.now:
            days = (evidence.now - certificate["not_after"]) / 86400
            yield make_finding(
                evidence,
                "certificate-expired",
                roles.INFLUXDB,
                f"the {where} certificate of InfluxDB expired {days:.1f} days ago",
                *lines,
                **{**common, "since": certificate["not_after"]},
            )
            return
    other_key = evidence.failed(checks.CERTIFICATE_HAS_KEY)
    if other_key:
        yield make_finding(
            evidence,
            "certificate-without-key",
            roles.INFLUXDB,
            f"{other_key[0].why}: do not restart influxdb before the Secret is right, it would not come up",
            other_key[0].why,
            *lines,
            **common,
        )
        return
    if evidence.failed(checks.CERTIFICATE_SERVED):
        yield make_finding(
            evidence,
            "certificate-not-loaded",
            roles.INFLUXDB,
            evidence.failed(checks.CERTIFICATE_SERVED)[0].why,
            _fingerprints(served, stored),
            *lines,
            **common,
        )
    trusted = evidence.failed(checks.CERTIFICATE_TRUSTED)
    if trusted and not evidence.failed(checks.CERTIFICATE_SERVED):
        yield make_finding(
            evidence, "certificate-wrong", roles.INFLUXDB, trusted[0].why, trusted[0].why, *lines, **common
        )
    elif not trusted and lines and evidence.ready(roles.INFLUXDB) and not failed_checks(evidence):
        yield make_finding(
            evidence,
            "certificate-wrong",
            roles.INFLUXDB,
            "the processor does not trust the certificate of InfluxDB",
            *lines,
            confidence=Confidence.MEDIUM,
            **common,
        )
    elif not evidence.ready(roles.INFLUXDB) and (words := evidence.said(roles.INFLUXDB, _UNUSABLE)):
        yield make_finding(
            evidence,
            "certificate-wrong",
            roles.INFLUXDB,
            f"InfluxDB cannot use its certificate: {words[-1]}",
            *(f"log: {line}" for line in words[-2:]),
            confidence=Confidence.MEDIUM,
            **common,
        )
    expiring = evidence.failed(checks.CERTIFICATE_VALID_FOR_WEEKS)
    if expiring:
        yield make_finding(
            evidence,
            "certificate-expiring",
            roles.INFLUXDB,
            expiring[0].why,
            expiring[0].why,
            f"{tls.DAYS_LEFT} days are the least",
            affects=(),
            **common,
        )


def failed_checks(evidence: Evidence) -> list[CheckResult]:
    """The failed checks of the certificate."""
    own = (checks.CERTIFICATE_VALID_FOR_WEEKS, checks.CERTIFICATE_TRUSTED, checks.CERTIFICATE_SERVED)
    return [one for check in own for one in evidence.failed(check)]


def _fingerprints(served: K8sObject | None, stored: K8sObject | None) -> str:
    if not served or not stored:
        return ""
    shown, kept = (f"{one['sha256'][:12]} of {one['issuer']}" for one in (served, stored))
    return f"served {shown}, in the Secret {kept}"
