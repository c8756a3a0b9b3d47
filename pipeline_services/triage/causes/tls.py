"""InfluxDB's certificate: expired, about to, not trusted, or not the one that is served (section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import tls
from pipeline_services.model import roles
from pipeline_services.model.k8s import K8sObject
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import duration, utc
from pipeline_services.triage.causes import stale_secrets
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.causes.log_lines import logged, message_of
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import GREEN, RESTORE

_SAVED: Final = "{secret:tls}.saved.yaml"
_RENEW: Final = (
    f"kubectl get secret -n {{namespace}} {{secret:tls}} -o yaml > {_SAVED}",
    "kubectl delete secret -n {namespace} {secret:tls}",
    RESTORE,
)
_PUT_BACK: Final = f"kubectl replace -n {{namespace}} --force -f {_SAVED}"


def _mended_by_renewal(cause: str, title: str) -> Cause:
    """The Secret is saved, deleted and made again."""
    return Cause(
        cause,
        title,
        Escalation.L2,
        "tls-certificate",
        steps=_RENEW,
        undo=_PUT_BACK,
        afterwards=GREEN,
        restored="issues a new certificate; restarts what uses it",
    )


CAUSES: Final = (
    _mended_by_renewal("certificate-without-key", "the Secret's key is not that of its certificate"),
    _mended_by_renewal("certificate-expiring", "the certificate is about to expire"),
    _mended_by_renewal("certificate-expired", "the certificate has expired"),
    _mended_by_renewal("certificate-wrong", "the certificate is not trusted, or not for this name"),
    Cause(
        "certificate-not-loaded",
        "the service still serves an older certificate",
        Escalation.L2,
        "tls-certificate",
        steps=("kubectl delete pod -n {namespace} {pod:influxdb}",),
        afterwards=GREEN,
    ),
)

_TLS_TROUBLE: Final = (
    r"(?i)^(?!.*InsecureRequestWarning).*(certificate|CERTIFICATE_VERIFY|\(tls\)|x509|unknown authority|self.signed)"
)
"""A client that verifies nothing warns of that itself, and is refused nothing."""

_UNUSABLE: Final = r"(?i)private key|\bPEM\b|failed to (load|find|parse).*(certificate|key)"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Expired or not valid yet before anything else, then the key of another, not loaded, not trusted, to expire."""
    certificate = _Certificate(evidence)
    told = (certificate.expired, certificate.not_yet_valid, certificate.without_key)
    alone = next((found for rule in told for found in rule()), None)
    if alone:
        yield alone
        return
    yield from certificate.not_loaded()
    yield from certificate.not_trusted()
    yield from certificate.expiring()


class _Certificate:
    """What is known of the certificate, and the findings that it gives."""

    def __init__(self, evidence: Evidence) -> None:
        shown: dict[str, Any] = evidence.data("tls") or {}
        secret = evidence.pipeline.config.tls
        self._evidence = evidence
        self._served, self._stored = shown.get("served"), shown.get("secret")
        self._subject, self._changed = f"secret/{secret}", evidence.changed("secrets", secret)
        self._lines = list(logged(evidence.said(roles.PROCESSOR, _TLS_TROUBLE)[-2:]))

    def _found(self, cause: str, summary: str, *seen: str, **more: Any) -> Finding:
        more = {"since": self._changed, **more}
        return make_finding(About(self._evidence, roles.INFLUXDB, subject=self._subject), cause, summary, *seen, **more)

    def expired(self) -> Iterator[Finding]:
        for where, certificate in (("served", self._served), ("Secret's", self._stored)):
            if certificate and certificate["not_after"] <= self._evidence.now:
                since = certificate["not_after"]
                summary = f"the {where} certificate of InfluxDB expired {duration(self._evidence.now - since)} ago"
                yield self._found("certificate-expired", summary, *self._lines, since=since)

    def not_yet_valid(self) -> Iterator[Finding]:
        """Of a served one that the Secret's would replace, it is said that it is not loaded."""
        begins = self._stored["not_before"] if self._stored else 0.0
        if begins > self._evidence.now:
            summary = f"the certificate in {self._subject} is not valid before {utc(begins)}, or a clock is wrong"
            seen = [one.why for one in failed_checks(self._evidence)]
            yield self._found("certificate-wrong", summary, *seen, *self._lines)

    def without_key(self) -> Iterator[Finding]:
        for one in self._evidence.failed(checks.CERTIFICATE_HAS_KEY):
            summary = f"{one.why}: do not restart influxdb before the Secret is right: it would not start"
            yield self._found("certificate-without-key", summary, one.why, *self._lines)

    def not_loaded(self) -> Iterator[Finding]:
        for one in self._evidence.failed(checks.CERTIFICATE_SERVED):
            seen = _fingerprints(self._served, self._stored)
            yield self._found("certificate-not-loaded", one.why, seen, *self._lines)

    def not_trusted(self) -> Iterator[Finding]:
        evidence, cause, less_sure = self._evidence, "certificate-wrong", Confidence.MEDIUM
        trusted, ready = evidence.failed(checks.CERTIFICATE_TRUSTED), evidence.ready(roles.INFLUXDB)
        if trusted and not evidence.failed(checks.CERTIFICATE_SERVED):
            yield self._found(cause, trusted[0].why, trusted[0].why, *self._lines)
        elif not trusted and self._lines and ready and not failed_checks(evidence):
            summary = "the processor does not trust the certificate of InfluxDB"
            stale = list(stale_secrets.of_processor(evidence, self._lines))
            yield from stale or [self._found(cause, summary, *self._lines, confidence=less_sure)]
        elif not ready and (words := evidence.said(roles.INFLUXDB, _UNUSABLE)):
            summary = f"InfluxDB cannot use its certificate: {message_of(words[-1])}"
            yield self._found(cause, summary, *logged(words[-2:]), confidence=less_sure)

    def expiring(self) -> Iterator[Finding]:
        for one in self._evidence.failed(checks.CERTIFICATE_VALID_FOR_WEEKS):
            least = f"{tls.DAYS_LEFT} days are the least"
            found = self._found("certificate-expiring", one.why, one.why, least)
            yield replace(found, affects=frozenset({roles.INFLUXDB}))


def failed_checks(evidence: Evidence) -> list[CheckResult]:
    """The failed checks of the certificate."""
    own = (checks.CERTIFICATE_VALID_FOR_WEEKS, checks.CERTIFICATE_TRUSTED, checks.CERTIFICATE_SERVED)
    return [one for check in own for one in evidence.failed(check)]


def _fingerprints(served: K8sObject | None, stored: K8sObject | None) -> str:
    if not served or not stored:
        return ""
    shown, kept = (f"{one['sha256'][:12]} of {one['issuer']}" for one in (served, stored))
    return f"served {shown}, in the Secret {kept}"
