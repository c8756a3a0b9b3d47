"""A Secret whose values are damaged is put right where it is known how they were, and left alone where it is not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.model.failures import PlatformError
from pipeline_services.model.k8s import encoded, secret_values
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets import store as secret_store
from tests.platform.deploy.world import CONFIG, PIPELINE, World


def damage(world: World, secret: str, key: str, change: Callable[[bytes], bytes]) -> dict[str, str]:
    """Another value for one key of a Secret; returns what the Secret held."""
    before: dict[str, str] = world.cluster.objects["Secret", secret]["data"]
    value = base64.b64encode(change(base64.b64decode(before[key]))).decode()
    world.cluster.change("Secret", secret, data={**before, key: value})
    return before


OPERATOR = CONFIG.admin, CONFIG.admin_keys.token
MADE_HERE = [
    *((CONFIG.admin, key) for key in CONFIG.secrets[CONFIG.admin]),
    *((PIPELINE.dashboard.admin, key) for key in ("username", "password")),
    *((one.secret, one.key) for one in (CONFIG.write_token, CONFIG.read_token)),
]


@pytest.mark.parametrize(("secret", "key"), MADE_HERE)
def test_white_space_around_a_value_is_taken_away_and_nothing_else_changes(
    deployed: World, secret: str, key: str
) -> None:
    before = damage(deployed, secret, key, lambda value: b" " + value + b"\r\n")
    assert f"made {secret}" in deployed.deploy()
    assert deployed.cluster.objects["Secret", secret]["data"] == before
    assert deployed.deploy() == []


def test_what_a_deploy_did_not_make_of_a_secret_stays_as_it_is(deployed: World) -> None:
    theirs = {"ca.crt": base64.b64encode(b"a certificate\n").decode(), "later": ""}
    before = deployed.cluster.objects["Secret", CONFIG.admin]["data"]
    deployed.cluster.change("Secret", CONFIG.admin, data={**before, **theirs})
    assert f"made {CONFIG.admin}" not in deployed.deploy()
    damage(deployed, *OPERATOR, lambda value: value + b"\n")
    assert f"made {CONFIG.admin}" in deployed.deploy()
    assert deployed.cluster.objects["Secret", CONFIG.admin]["data"] == {**before, **theirs}


def test_an_operators_token_that_only_influxdb_knows_again_is_mended(
    deployed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = damage(deployed, *OPERATOR, base64.b64encode)
    true = base64.b64decode(before[CONFIG.admin_keys.token]).decode()
    monkeypatch.setattr(secret_store, "accepted", lambda _, tokens: next(one for one in tokens if one == true))
    assert f"made {CONFIG.admin}" in deployed.deploy()
    assert deployed.cluster.objects["Secret", CONFIG.admin]["data"] == before


def test_an_operators_token_that_cannot_be_one_is_named(deployed: World) -> None:
    damage(deployed, *OPERATOR, lambda _: b"\xff\xfe\x00")
    damaged = deployed.cluster.objects["Secret", CONFIG.admin]["data"]
    with pytest.raises(PlatformError, match="the token of the secret influxdb-admin has characters"):
        deployed.deploy()
    assert deployed.cluster.objects["Secret", CONFIG.admin]["data"] == damaged


def test_where_all_have_the_operators_token_it_is_mended_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, written, told = Pipeline.load(Path("plain")), [], []
    keys, name = plain.config.admin_keys, plain.config.admin
    values = {keys.username: b"admin", keys.password: b"a-password", keys.token: b'"a-token"\n'}
    live = [{"metadata": {"name": name}, "type": "Opaque", "data": encoded(values)}]
    monkeypatch.setattr(secret_store, "influxdb", lambda *_: nullcontext(None))
    monkeypatch.setattr(secret_store, "accepted", lambda _, tokens: tokens[-1])
    monkeypatch.setattr(secret_store, "ensure_bucket", lambda _http, admin, _pipeline: told.append(admin.token))
    api: Any = SimpleNamespace(apply=lambda item: written.append(secret_values(item)) or item)
    assert secret_store.SecretStore(api, live, plain).ensure_tokens() == [name]
    assert (told, written) == (["a-token"], [{**values, keys.token: b"a-token"}])
