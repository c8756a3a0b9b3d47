"""ConfigMap and Secrets are there, consistent, and accepted by the services they are for."""

from __future__ import annotations

import pytest

from pipeline_services.judgements import config, declared
from pipeline_services.snapshot.snapshot import Snapshot

pytestmark = pytest.mark.runbook("configuration")


def test_settings_lead_to(snapshot: Snapshot, service: str) -> None:
    """The ConfigMap's settings for the service name what is really there."""
    config.settings_lead_to(snapshot, service)


def test_producer_load_set(snapshot: Snapshot) -> None:
    """The producer's rate and number of devices are positive numbers."""
    config.load_is_set(snapshot)


def test_set_as_declared(snapshot: Snapshot, component: str) -> None:
    """Every object of the component is as the manifests declare it, down to its last field."""
    declared.are_as_declared(snapshot, component)


def test_references_exist(snapshot: Snapshot) -> None:
    """Every ConfigMap, Secret and key that a workload needs is there."""
    config.references_exist(snapshot)


def test_secrets_complete(snapshot: Snapshot) -> None:
    """The Secrets are there, with a value under each of their keys."""
    config.secrets_are_complete(snapshot)


def test_token_accepted(snapshot: Snapshot, token: str) -> None:
    """InfluxDB accepts the token that the Secret holds."""
    config.token_is_accepted(snapshot, token)


def test_token_may_write(snapshot: Snapshot) -> None:
    """The token with which readings are written may write, and not only read."""
    config.token_may_write(snapshot)


def test_pods_hold_the_token(snapshot: Snapshot) -> None:
    """No pod goes on with a token that was replaced in the Secret since it started, and is refused."""
    config.pods_hold_the_token(snapshot)
