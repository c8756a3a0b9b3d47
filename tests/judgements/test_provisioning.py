"""Requests and limits against use: what is short, what is ample, and the value to set."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.provisioning import Provision, amount, provisions, requests_fit, table
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from tests.judgements.world import World, reviewed

MIB = 2.0**20
CPU = Provision("app", "cpu", 0.1, 1.0, 0.02, 0.08, 0.1, 0.2)
MEMORY = Provision("app", "memory", 192 * MIB, 512 * MIB, 100 * MIB, 120 * MIB, 130 * MIB, 150 * MIB)


@pytest.mark.parametrize(
    ("provision", "verdict"),
    [
        (CPU, ""),
        (MEMORY, ""),
        (replace(CPU, p95=0.21), "under-provisioned: request 260m"),
        (replace(CPU, p95=0.2), ""),
        (replace(CPU, most=9.0), ""),
        (replace(CPU, p95=0.91), "limit too low: set 1370m"),
        (replace(CPU, p95=0.001), "over-provisioned: request 10m"),
        (replace(CPU, request=0.03, p95=0.001), ""),
        (replace(MEMORY, most=400 * MIB), "under-provisioned: request 480Mi"),
        (replace(MEMORY, most=500 * MIB), "limit too low: set 752Mi"),
        (replace(MEMORY, request=500 * MIB, most=130 * MIB), "over-provisioned: request 160Mi"),
        (replace(MEMORY, limit=math.inf, most=300 * MIB), ""),
    ],
)
def test_what_fits_and_what_to_set_where_it_does_not(provision: Provision, verdict: str) -> None:
    assert provision.verdict == verdict


def test_it_says_what_was_used_and_what_to_set() -> None:
    assert str(replace(CPU, p95=0.5)) == (
        "app requests 100m of cpu, may use 1000m and used 500m at the 95th percentile and 200m at most; "
        "under-provisioned: request 600m"
    )


def test_an_amount_is_written_as_in_a_manifest() -> None:
    assert [amount("cpu", 0.25), amount("memory", 192 * MIB), amount("cpu", math.inf)] == ["250m", "192Mi", "-"]


def used(world: World, resource: str, value: float) -> World:
    world.answers[f"use/{resource}"][roles.LOKI] |= {"p95": value, "max": value}
    return world


def test_a_limit_too_low_comes_before_a_request_too_low() -> None:
    with pytest.raises(Deviation, match=r"loki requests .*; limit too low: set 45\d\dm"):
        requests_fit(used(reviewed(), "cpu", 3.0).snapshot(), roles.LOKI)


def test_an_ample_request_fits_and_is_said() -> None:
    found = requests_fit(used(reviewed(), "memory", 9 * MIB).snapshot(), roles.LOKI)
    assert [one.verdict for one in found] == ["", "over-provisioned: request 16Mi"]


def test_the_table_has_all_apps_and_leaves_out_what_is_not_known() -> None:
    world = reviewed()
    lines = table(world.snapshot()).splitlines()
    assert len(lines) == 1 + 2 * len(world.pipeline.workloads)
    assert lines[0].split() == ["app", "resource", "request", "limit", "p50", "p95", "p99", "most", "verdict"]
    del world.answers["use/cpu"][roles.KAFKA]
    assert not [line for line in table(world.snapshot()).splitlines() if line.startswith("kafka")]


def test_what_is_not_known_is_not_judged() -> None:
    world = reviewed()
    (container,) = world.item("deployments", roles.LOKI)["spec"]["template"]["spec"]["containers"]
    del container["resources"]["requests"]["cpu"]
    with pytest.raises(NoData, match="loki does not request cpu"):
        requests_fit(world.snapshot(), roles.LOKI)
    del world.answers["use/cpu"][roles.KAFKA]
    with pytest.raises(NoData, match="has no history of cpu by kafka"):
        provisions(world.snapshot(), roles.KAFKA)
    world.drop("statefulsets", lambda _: True)
    with pytest.raises(PreconditionNotMet, match="no StatefulSet kafka"):
        provisions(world.snapshot(), roles.KAFKA)


def test_a_month_that_prometheus_forgot_is_not_known() -> None:
    with pytest.raises(NoData, match=r"12 h 0 min of history are known of the 20 days"):
        requests_fit(reviewed(age=20 * 86_400.0).snapshot(), roles.LOKI)
