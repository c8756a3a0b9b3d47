"""Secrets of the running pipeline are damaged as shells and editors do it, and ``make up`` puts them right."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.model.k8s import encoded, secret_values
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets.store import made_secrets
from tests.acceptance.bench import ran

pytestmark = [pytest.mark.live, pytest.mark.slow]

PIPELINE = Pipeline.load()
CONFIG = PIPELINE.config
Damage = Callable[[bytes], bytes]
Values = dict[str, dict[str, bytes]]
AROUND: dict[str, Damage] = {
    "line-end": lambda value: value + b"\n",
    "byte-order-mark": lambda value: codecs.BOM_UTF8 + value + b"\r\n",
}
OF_A_TOKEN: dict[str, Damage] = {
    "quoted": lambda value: b'"' + value + b'"',
    "encoded-once-more": base64.encodebytes,
    "in-two-bytes": lambda value: value.decode().encode("utf-16"),
}


def held(cluster: WritableCluster) -> Values:
    """What the Secrets that a deploy makes hold, but for the certificate, which is a file."""
    names = sorted(made_secrets(PIPELINE) - {CONFIG.tls})
    found = {name: cluster.get("Secret", name) for name in names}
    return {name: secret_values(item) for name, item in found.items() if item}


@contextmanager
def damaged(cluster: WritableCluster, values: Values) -> Iterator[None]:
    """Secrets hold these values within the block, or what was put in their place."""
    before = held(cluster)
    try:
        for name, changed in values.items():
            cluster.merge("Secret", name, {"data": encoded(changed)})
        yield
    finally:
        for name in values:
            cluster.merge("Secret", name, {"data": encoded(before[name])})


def other_after_make_up(cluster: WritableCluster, before: Values) -> list[str]:
    """The values that are not what they were, by Secret and key: they themselves are told nobody."""
    run = ran("pipeline_services.cli", "up")
    assert run.exit_code == 0, run.output
    after = held(cluster)
    return [f"{name}: {key}" for name, data in before.items() for key in data if after[name].get(key) != data[key]]


@pytest.mark.parametrize("how", AROUND)
def test_what_stands_around_any_value_is_taken_away(admin: WritableCluster, how: str) -> None:
    before = held(admin)
    damage = AROUND[how]
    with damaged(admin, {name: {key: damage(one) for key, one in data.items()} for name, data in before.items()}):
        assert other_after_make_up(admin, before) == []


@pytest.mark.parametrize("how", OF_A_TOKEN)
def test_the_operators_token_is_known_again_by_influxdb(admin: WritableCluster, how: str) -> None:
    before, key = held(admin), CONFIG.admin_keys.token
    with damaged(admin, {CONFIG.admin: {key: OF_A_TOKEN[how](before[CONFIG.admin][key])}}):
        assert other_after_make_up(admin, before) == []
