"""The certificate of InfluxDB (section 3)."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.triage.causes.steps import GREEN, RESTORE
from pipeline_services.triage.model import Cause

_SAVED: Final = "{secret:tls}.saved.yaml"
_RENEW: Final = (
    f"kubectl get secret -n {{namespace}} {{secret:tls}} -o yaml > {_SAVED}",
    "kubectl delete secret -n {namespace} {secret:tls}",
    RESTORE,
)
_PUT_BACK: Final = f"kubectl replace -n {{namespace}} --force -f {_SAVED}"


def _mended_by_renewal(cause: str, title: str) -> Cause:
    """The Secret is saved, deleted and made again."""
    level = Escalation.L2
    return Cause(cause, title, level, "tls-certificate", steps=_RENEW, undo=_PUT_BACK, afterwards=GREEN)


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
