"""Good practice: what a pipeline that runs well may have wrong by construction, with the lines that show it."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.practice import disruption, losses, templates, trust
from pipeline_services.snapshot.snapshot import Snapshot

pytestmark = pytest.mark.runbook("good-practice")


def test_probes_set(snapshot: Snapshot, app: str) -> None:
    """Each container of the app is asked whether it lives and whether it is ready."""
    templates.probes_are_set(snapshot, app)


def test_probes_can_fail(snapshot: Snapshot, app: str) -> None:
    """No probe of the app succeeds whatever happens."""
    templates.probes_can_fail(snapshot, app)


def test_limits_set(snapshot: Snapshot, app: str) -> None:
    """Each container of the app has limits for CPU and memory."""
    templates.limits_are_set(snapshot, app)


def test_images_pinned(snapshot: Snapshot, app: str) -> None:
    """Each image of the app names its version."""
    templates.images_are_pinned(snapshot, app)


def test_tls_verified(snapshot: Snapshot, app: str) -> None:
    """The app verifies whom it talks to."""
    trust.tls_is_verified(snapshot, app)


def test_secrets_kept(snapshot: Snapshot, app: str) -> None:
    """No ConfigMap that the app reads, and no template, holds a token or a password."""
    trust.secrets_are_kept(snapshot, app)


def test_credentials_own(snapshot: Snapshot) -> None:
    """No Secret holds a password or token that everybody knows."""
    trust.credentials_are_own(snapshot)


def test_grafana_has_a_password(snapshot: Snapshot) -> None:
    """Grafana's administrator has a password of his own."""
    trust.grafana_has_a_password(snapshot)


def test_offsets_follow_writes(snapshot: Snapshot) -> None:
    """Offsets are committed when readings are stored, not by the clock."""
    losses.offsets_follow_writes(snapshot)


def test_group_begins_at_the_start(snapshot: Snapshot) -> None:
    """A group without offsets reads what was sent before."""
    losses.group_begins_at_the_start(snapshot)


def test_topics_replicated(snapshot: Snapshot) -> None:
    """Every partition has a second copy."""
    losses.topics_are_replicated(snapshot)


def test_watchers_get_through(snapshot: Snapshot, flow: str) -> None:
    """The policies let who watches connect to what is watched."""
    disruption.watchers_get_through(snapshot, flow)


def test_autoscaled_pods_request_cpu(snapshot: Snapshot) -> None:
    """Whatever is scaled by a share of the CPU requests CPU."""
    disruption.autoscaled_pods_request_cpu(snapshot)


def test_disruptions_limited(snapshot: Snapshot, app: str) -> None:
    """A drain of the nodes does not stop all pods of the app at once."""
    disruption.disruptions_are_limited(snapshot, app)
