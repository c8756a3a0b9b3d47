"""Section 5: the weekly and monthly reviews, as far as reading can settle them."""

from __future__ import annotations

import pytest

from checks.cases import EVERY, belonging_to, components
from pipeline_services.judgements import renewal, upkeep
from pipeline_services.model import names
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot

pytestmark = [pytest.mark.runbook("preventive-maintenance")]


@pytest.mark.weekly
@pytest.mark.parametrize("component", components(EVERY))
def test_restarts_few_this_week(snapshot: Snapshot, component: str) -> None:
    """The component was restarted less than five times in a week."""
    upkeep.restarts_are_few(snapshot, component)


@pytest.mark.weekly
@pytest.mark.component("storage")
@pytest.mark.parametrize("component", names.STATEFULSETS)
def test_volume_has_room(snapshot: Snapshot, component: str) -> None:
    """The component's volume is less than 80 % full."""
    upkeep.volume_has_room(snapshot, component)


@pytest.mark.weekly
@pytest.mark.parametrize(
    "trend", belonging_to({known: trend.component for known, trend in upkeep.trends(Pipeline.load()).items()})
)
def test_trend_comes_back(snapshot: Snapshot, trend: str) -> None:
    """What goes up comes down again, or levels off."""
    upkeep.comes_back(snapshot, trend)


@pytest.mark.weekly
@pytest.mark.component("influxdb")
def test_backup_proved(snapshot: Snapshot) -> None:
    """A backup was restored within a week, and all that was stored was in it."""
    upkeep.backup_is_proved(snapshot)


@pytest.mark.monthly
@pytest.mark.parametrize("app", belonging_to({part.id: part.reports_to for part in Pipeline.load().workloads.values()}))
def test_requests_fit(snapshot: Snapshot, app: str) -> None:
    """The app uses at most twice the CPU and memory that it requests."""
    renewal.requests_fit(snapshot, app)


@pytest.mark.monthly
@pytest.mark.parametrize("app", belonging_to({part.id: part.reports_to for part in Pipeline.load().workloads.values()}))
def test_image_renewed(snapshot: Snapshot, app: str) -> None:
    """The app's image was changed within a month."""
    renewal.image_is_renewed(snapshot, app)


@pytest.mark.monthly
@pytest.mark.component("config")
@pytest.mark.parametrize("secret", Pipeline.load().config.rotated)
def test_secret_rotated(snapshot: Snapshot, secret: str) -> None:
    """Every value of the secret was written anew within 90 days."""
    renewal.secret_is_rotated(snapshot, secret)


@pytest.mark.monthly
@pytest.mark.component("influxdb")
def test_certificate_outlives_review(snapshot: Snapshot) -> None:
    """The certificate is still valid two weeks after the next review."""
    renewal.certificate_outlives_the_next_review(snapshot)


@pytest.mark.monthly
@pytest.mark.component("hpa")
@pytest.mark.parametrize("hpa", names.HPAS.values())
def test_autoscaler_proved(snapshot: Snapshot, hpa: str) -> None:
    """The autoscaler has scaled within a month, under real load or in the load test."""
    renewal.autoscaler_is_proved(snapshot, hpa)
