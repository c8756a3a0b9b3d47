"""The rows of the table of checks for the practice run, which no other run and no triage takes anything from."""

from __future__ import annotations

from typing import Final

from pipeline_services.checklist import parameters as by
from pipeline_services.checklist.model import Check
from pipeline_services.judgements.practice import disruption, losses, templates, trust
from pipeline_services.model import roles

PROBES_SET: Final = Check("test_probes_set", templates.probes_are_set, by.each_owned(by.apps), run="practice")
PROBES_CAN_FAIL: Final = Check(
    "test_probes_can_fail", templates.probes_can_fail, by.each_owned(by.apps), run="practice"
)
LIMITS_SET: Final = Check("test_limits_set", templates.limits_are_set, by.each_owned(by.apps), run="practice")
IMAGES_PINNED: Final = Check("test_images_pinned", templates.images_are_pinned, by.each_owned(by.apps), run="practice")
TLS_VERIFIED: Final = Check("test_tls_verified", trust.tls_is_verified, by.each_owned(by.apps), run="practice")
SECRETS_KEPT: Final = Check("test_secrets_kept", trust.secrets_are_kept, by.each_owned(by.apps), run="practice")
CREDENTIALS_OWN: Final = Check("test_credentials_own", trust.credentials_are_own, by.one("config"), run="practice")
GRAFANA_HAS_A_PASSWORD: Final = Check(
    "test_grafana_has_a_password",
    trust.grafana_has_a_password,
    by.where(by.own_grafana, by.one(roles.GRAFANA)),
    run="practice",
)
OFFSETS_FOLLOW_WRITES: Final = Check(
    "test_offsets_follow_writes", losses.offsets_follow_writes, by.one(roles.PROCESSOR), run="practice"
)
GROUP_BEGINS_AT_THE_START: Final = Check(
    "test_group_begins_at_the_start", losses.group_begins_at_the_start, by.one(roles.PROCESSOR), run="practice"
)
TOPICS_REPLICATED: Final = Check(
    "test_topics_replicated", losses.topics_are_replicated, by.one(roles.KAFKA), run="practice"
)
WATCHERS_GET_THROUGH: Final = Check(
    "test_watchers_get_through",
    disruption.watchers_get_through,
    by.each_of("network", disruption.watched_flows),
    by.ends_of(disruption.watched_flows),
    run="practice",
)
AUTOSCALED_PODS_REQUEST_CPU: Final = Check(
    "test_autoscaled_pods_request_cpu", disruption.autoscaled_pods_request_cpu, by.one("hpa"), run="practice"
)
DISRUPTIONS_LIMITED: Final = Check(
    "test_disruptions_limited",
    disruption.disruptions_are_limited,
    by.each_owned(disruption.several_pods),
    run="practice",
)
