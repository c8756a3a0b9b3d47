"""Section 5: the weekly and monthly reviews, as far as reading can settle them."""

from __future__ import annotations

from collections.abc import Callable

import allure
import pytest

from pipeline_services.judgements import images, metric_trends, provisioning, recurring, renewal, upkeep
from pipeline_services.judgements.readings import Metrics
from pipeline_services.model.pictures import line_picture
from pipeline_services.snapshot.snapshot import Snapshot

pytestmark = pytest.mark.runbook("preventive-maintenance")


def test_restarts_few_this_week(snapshot: Snapshot, component: str) -> None:
    """The component was restarted less than five times in a week."""
    upkeep.restarts_are_few(snapshot, component)


def test_volume_has_room(snapshot: Snapshot, component: str) -> None:
    """The component's volume is less than 80 % full, and lasts until the next review at its growth."""
    upkeep.volume_has_room(snapshot, component)


def test_trend_comes_back(snapshot: Snapshot, trend: str) -> None:
    """What goes up comes down again, or levels off."""
    upkeep.comes_back(snapshot, trend)


def test_key_metric_trend(
    snapshot: Snapshot,
    key_metrics: Metrics,
    record_property: Callable[[str, object], None],
    metric_id: str,
    subject: str,
) -> None:
    """At its pace of this week the metric keeps to its level until the next review."""
    metric = key_metrics[metric_id]
    allure.attach(
        line_picture(metric_trends.trend_points(snapshot, metric, subject), metric.unit, metric.fail),
        "how it went",
        allure.attachment_type.SVG,
    )
    trend = metric_trends.keeps_from_its_level(snapshot, metric, subject)
    record_property("reading", str(trend))
    if trend.past:
        record_property("warning", str(trend))


def test_no_new_warning_recurs(
    snapshot: Snapshot, record_property: Callable[[str, object], None], component: str
) -> None:
    """No Warning event that came up since the last review comes again and again."""
    known = recurring.no_new_warning_recurs(snapshot, component)
    if known:
        record_property("warning", f"recurs: {'; '.join(map(str, known))}")


def test_no_new_error_recurs(
    snapshot: Snapshot, record_property: Callable[[str, object], None], component: str
) -> None:
    """No error that was logged for the first time since the last review comes again and again."""
    known = recurring.no_new_error_recurs(snapshot, component)
    if known:
        record_property("warning", f"recurs: {'; '.join(map(str, known))}")


def test_backup_proved(snapshot: Snapshot, component: str) -> None:
    """A backup of it was restored within a week, and everything was as it had been stored."""
    upkeep.backup_is_proved(snapshot, component)


def test_requests_fit(snapshot: Snapshot, record_property: Callable[[str, object], None], app: str) -> None:
    """The app used at most twice the CPU and memory that it requests, and stayed away from its limits."""
    allure.attach(provisioning.table(snapshot), "requests and limits of all", allure.attachment_type.TEXT)
    found = provisioning.requests_fit(snapshot, app)
    record_property("reading", "; ".join(map(str, found)))
    ample = [str(provision) for provision in found if provision.verdict]
    if ample:
        record_property("warning", "; ".join(ample))


def test_image_current(snapshot: Snapshot, record_property: Callable[[str, object], None], app: str) -> None:
    """The app runs what this checkout builds, and no registry has a newer patch of what is in it."""
    record_property("reading", images.image_is_current(snapshot, app))


def test_cluster_current(snapshot: Snapshot, record_property: Callable[[str, object], None]) -> None:
    """The nodes run the Kubernetes that is pinned, and no registry has a newer patch of the cluster's own parts."""
    record_property("reading", images.cluster_is_current(snapshot))


def test_secret_rotated(snapshot: Snapshot, secret: str) -> None:
    """Every value of the secret was written anew within 90 days."""
    renewal.secret_is_rotated(snapshot, secret)


def test_rotation_proved(snapshot: Snapshot, what: str) -> None:
    """It was rotated within 90 days while readings were written, and none was lost."""
    renewal.rotation_is_proved(snapshot, what)


def test_certificate_outlives_review(snapshot: Snapshot) -> None:
    """The certificate is still valid two weeks after the next review."""
    renewal.certificate_outlives_the_next_review(snapshot)


def test_autoscaler_proved(snapshot: Snapshot, hpa: str) -> None:
    """The autoscaler has scaled within a month, under real load or in the load test."""
    renewal.autoscaler_is_proved(snapshot, hpa)
