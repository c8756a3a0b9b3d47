"""The rows of the table that are the weekly and monthly reviews (section 5)."""

from __future__ import annotations

from typing import Final

from pipeline_services.checklist import parameters as by
from pipeline_services.checklist.model import Check
from pipeline_services.judgements import images, metric_trends, provisioning, recurring, renewal, upkeep
from pipeline_services.judgements.events import event_components
from pipeline_services.model import roles
from pipeline_services.model.metrics import metric

RESTARTS_FEW_THIS_WEEK: Final = Check(
    "test_restarts_few_this_week",
    upkeep.restarts_are_few,
    by.where(by.kubelet_scraped, by.each(metric.workloads)),
    by.always(roles.PROMETHEUS),
    run="weekly",
)
VOLUME_HAS_ROOM: Final = Check(
    "test_volume_has_room",
    upkeep.volume_has_room,
    by.where(by.kubelet_scraped, by.each_of("storage", metric.with_volume)),
    by.prometheus_and_itself,
    run="weekly",
)
TREND_COMES_BACK: Final = Check(
    "test_trend_comes_back", upkeep.comes_back, by.each_owned(by.trends), by.needs_of_trend, run="weekly"
)
KEY_METRIC_TREND: Final = Check(
    "test_key_metric_trend",
    metric_trends.keeps_from_its_level,
    by.metrics,
    by.needs_of_metric,
    by.metric_with_levels,
    run="weekly",
)
NO_NEW_WARNING_RECURS: Final = Check(
    "test_no_new_warning_recurs", recurring.no_new_warning_recurs, by.each(event_components), run="weekly"
)
NO_NEW_ERROR_RECURS: Final = Check(
    "test_no_new_error_recurs",
    recurring.no_new_error_recurs,
    by.each(metric.workloads),
    by.always(roles.LOKI),
    run="weekly",
)
BACKUP_PROVED: Final = Check(
    "test_backup_proved", upkeep.backup_is_proved, by.each(metric.stateful), by.always("storage"), run="weekly"
)
REQUESTS_FIT: Final = Check(
    "test_requests_fit",
    provisioning.requests_fit,
    by.where(by.kubelet_scraped, by.each_owned(by.apps)),
    by.always(roles.PROMETHEUS),
    run="monthly",
)
IMAGE_CURRENT: Final = Check("test_image_current", images.image_is_current, by.each_owned(by.apps), run="monthly")
CLUSTER_CURRENT: Final = Check(
    "test_cluster_current",
    images.cluster_is_current,
    by.where(lambda pipeline: pipeline.cluster, by.one("node")),
    run="monthly",
)
SECRET_ROTATED: Final = Check(
    "test_secret_rotated",
    renewal.secret_is_rotated,
    by.each_of("config", lambda pipeline: pipeline.config.rotated),
    by.always(roles.INFLUXDB),
    run="monthly",
)
ROTATION_PROVED: Final = Check(
    "test_rotation_proved",
    renewal.rotation_is_proved,
    by.each_of("config", renewal.rotations),
    by.always("storage", roles.INFLUXDB),
    run="monthly",
)
CERTIFICATE_OUTLIVES_REVIEW: Final = Check(
    "test_certificate_outlives_review",
    renewal.certificate_outlives_the_next_review,
    by.influxdb_with_tls,
    run="monthly",
)
AUTOSCALER_PROVED: Final = Check(
    "test_autoscaler_proved",
    renewal.autoscaler_is_proved,
    by.each_of("hpa", metric.autoscalers),
    by.scaled_by,
    run="monthly",
)
