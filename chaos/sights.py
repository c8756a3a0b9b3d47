"""The daily checks that should see a fault, by the ids that reports know them by."""

from __future__ import annotations

from functools import partial

from pipeline_services.experiment.scenario import Symptom
from pipeline_services.judgements import config, endpoints, networks, pods, readings, tls
from pipeline_services.metrics.advice import Escalation
from pipeline_services.metrics.key_metrics import KEY_METRICS


def pods_ready(component: str) -> Symptom:
    """A pod is not ready, or has just been started."""
    return Symptom(f"test_pods_ready[{component}]", partial(pods.are_ready, component=component))


def bad_status(component: str) -> Symptom:
    """A pod is in one of the bad statuses of section 2."""
    return Symptom(f"test_pods_ready[{component}]", partial(pods.are_ready, component=component), red=True)


def no_endpoint(service: str, *, red: bool = False) -> Symptom:
    """The service leads nowhere; while its pods run (``red``) that is a failure and no start-up."""
    return Symptom(f"test_service_has_endpoint[{service}]", partial(endpoints.are_ready, service_name=service), red)


def policy_missing(flow: str) -> Symptom:
    """No policy allows a needed flow."""
    return Symptom(f"test_network_allows[{flow}]", partial(networks.allow, flow_id=flow))


def settings_lead_nowhere(service: str) -> Symptom:
    """The ConfigMap names what is not there."""
    return Symptom(f"test_settings_lead_to[{service}]", partial(config.settings_lead_to, part=service))


def token_refused() -> Symptom:
    """InfluxDB refuses the processor's token."""
    judge = partial(config.token_is_accepted, source=_TOKEN)
    return Symptom("test_token_accepted[influxdb-token]", judge, red=True, deep=True)


def certificate_distrusted() -> Symptom:
    """A careful client would not take InfluxDB's certificate."""
    return Symptom("test_certificate_trusted", tls.is_trusted, red=True, deep=True)


def restarted_too_often(component: str) -> Symptom:
    """Five restarts and more: the runbook's condition for calling the next level."""
    judge = partial(readings.is_within, metric=KEY_METRICS["pod-restarts"], subject=component)
    level = f"escalate to: {Escalation.L2.value}"
    return Symptom(f"test_key_metric[pod-restarts-{component}]", judge, red=True, says=level)


def metric_breached(metric_id: str, subject: str = "") -> Symptom:
    """A key metric is past its level."""
    judge = partial(readings.is_within, metric=KEY_METRICS[metric_id], subject=subject)
    return Symptom(f"test_key_metric[{metric_id}{f'-{subject}' if subject else ''}]", judge, red=True, deep=True)


_TOKEN = "influxdb_token"
