"""The daily checks that should see a fault of a scenario; they are judged as the daily run judges them."""

from __future__ import annotations

from functools import partial

from pipeline_services.checklist import checks
from pipeline_services.checklist.model import CaseId, Check
from pipeline_services.experiment.symptoms import Symptom
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.subjects import CAUSES


def pods_ready(component: str) -> Symptom:
    """A pod is not ready, or has just been started."""
    return _expected(checks.PODS_READY.of(component))


def bad_status(component: str) -> Symptom:
    """A pod is in one of the bad statuses of section 2."""
    return _expected(checks.PODS_READY.of(component), must_fail=True)


def no_endpoint(component: str, *, must_fail: bool = False) -> Symptom:
    """The component's Service leads nowhere; while its pods run (``must_fail``) that is a failure and no start-up."""
    return _expected(checks.SERVICE_HAS_ENDPOINT.of(f"{{service:{component}}}"), must_fail=must_fail)


def policy_missing(flow: str) -> Symptom:
    """No policy allows a needed flow."""
    return _expected(checks.NETWORK_ALLOWS.of(flow))


def settings_lead_nowhere(service: str) -> Symptom:
    """The ConfigMap names what is not there."""
    return _expected(checks.SETTINGS_LEAD_TO.of(service))


def set_otherwise(component: str) -> Symptom:
    """An object of the component is not as the manifests declare it."""
    return _expected(checks.SET_AS_DECLARED.of(component), must_fail=True, full=True)


def token_refused() -> Symptom:
    """InfluxDB refuses the processor's token."""
    return _expected(checks.TOKEN_ACCEPTED.of("influxdb_token"), must_fail=True, full=True)


def certificate_distrusted() -> Symptom:
    """A careful client would not take InfluxDB's certificate."""
    return _expected(checks.CERTIFICATE_TRUSTED, must_fail=True, full=True)


def restarted_too_often(component: str) -> Symptom:
    """Five restarts and more: the runbook's condition for calling the next level."""
    level = f"escalate to: {CAUSES['restarted-often'].escalation.value}"
    return _expected(checks.KEY_METRIC.of("pod-restarts", component), must_fail=True, says=level)


def metric_breached(metric_id: str, subject: str = "") -> Symptom:
    """A key metric is past its level."""
    return _expected(checks.KEY_METRIC.of(metric_id, subject), must_fail=True, full=True)


def _expected(which: Check | CaseId, *, must_fail: bool = False, full: bool = False, says: str = "") -> Symptom:
    return Symptom(str(which), partial(_judge, which), must_fail=must_fail, full=full, says=says)


def _judge(which: Check | CaseId, snapshot: Snapshot) -> None:
    checks.case_of(which.filled(snapshot.pipeline), snapshot.pipeline).judge(snapshot)
