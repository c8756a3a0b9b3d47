"""Known-bad examples for the weekly and monthly reviews."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pipeline_services.judgements.history import reading_key
from pipeline_services.judgements.upkeep import trends
from pipeline_services.model import roles
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.own_cluster import BACKUP_TESTED, ROTATED
from pipeline_services.model.pipeline import Pipeline
from tests.judgements.answers.reviews import good
from tests.judgements.known_bad.daily import warned
from tests.judgements.world import World

Breakage = Callable[..., None]
DAY = 86_400.0


def value(source: str, number: float) -> Breakage:
    def breakage(world: World, *_: str) -> None:
        for row in world.answers[source]:
            row["value"] = [world.now, str(number)]

    return breakage


def volume_full(world: World, component: str) -> None:
    world.answers["trends"][f"volume/{world.pipeline[component].volume}"][-1][1] = 0.85


def volume_filling(world: World, component: str) -> None:
    points = world.answers["trends"][f"volume/{world.pipeline[component].volume}"]
    for number, point in enumerate(points):
        point[1] = 0.3 + 0.2 * number / len(points)


def creeping(world: World, trend_id: str) -> None:
    trend = trends(Pipeline.load())[trend_id]
    points = world.answers["trends"][trend.series]
    for number, point in enumerate(points):
        point[1] = trend.least * (1 + 3 * number / len(points))


def heading_for_its_level(world: World, metric_id: str, subject: str) -> None:
    """From a good value most of the way to the level, at an even pace."""
    metric = KEY_METRICS[metric_id]
    start, end = good(metric), metric.fail + 0.1 * (good(metric) - metric.fail)
    points = [[at, start + (end - start) * part / 72] for part, at in enumerate(times(world))]
    if metric.tool == "prometheus":
        world.answers[f"metric_trends/{metric_id}"][subject] = points
    else:
        world.answers["history"] = [
            {"at": at, "kind": "daily", "readings": {reading_key(metric_id, subject): value}, "seen": []}
            for at, value in points
        ]


def times(world: World) -> list[float]:
    """Every ten minutes of the last twelve hours."""
    return [world.now - (72 - number) * 600 for number in range(73)]


def recurring_warning(world: World, component: str) -> None:
    warned(world, component)
    world.answers["events"][-1] |= {"count": 30, "firstTimestamp": world.ago(2 * 3600), "lastTimestamp": world.ago(60)}


def recurring_error(world: World, component: str) -> None:
    times = [round(world.now - ago) for ago in (9000, 5000, 60)]
    kind = {"component": component, "sample": "level=ERROR disk 3 is gone", "times": times, "count": 3}
    world.answers["loki/loud"]["kinds"].append(kind)


def used(resource: str, number: float) -> Breakage:
    def breakage(world: World, app: str) -> None:
        use = world.answers[f"use/{resource}"][app]
        use |= dict.fromkeys(("p50", "p95", "p99", "max"), number)

    return breakage


def backup(note: dict[str, Any] | None, *, age: float = DAY) -> Breakage:
    """The note of the last restored backup, its time given as an age in days."""

    def breakage(world: World, component: str) -> None:
        claim = world.item("pvcs", f"data-{component}-0")
        claim["metadata"]["creationTimestamp"] = world.ago(age)
        claim["metadata"]["annotations"] = {}
        if note:
            claim["metadata"]["annotations"][BACKUP_TESTED] = json.dumps({**note, "at": world.now - note["at"] * DAY})

    return breakage


def rotation(note: dict[str, Any] | None, *, age: float = DAY) -> Breakage:
    """The note of the last rotation, its time given as an age in days."""

    def breakage(world: World, what: str) -> None:
        claim = world.item("pvcs", f"data-{roles.INFLUXDB}-0")
        claim["metadata"]["creationTimestamp"] = world.ago(age)
        del claim["metadata"]["annotations"][f"{ROTATED}{what}"]
        if note:
            known = {"lost": 0, "findings": [], **note, "at": world.now - note["at"] * DAY}
            claim["metadata"]["annotations"][f"{ROTATED}{what}"] = json.dumps(known)

    return breakage


def image_not_built_here(world: World, app: str) -> None:
    world.answers["offers"]["images"][app]["ref"] = f"localhost/conveyor/{app}:2"


def patch_offered(world: World, app: str) -> None:
    world.answers["offers"]["parts"][app]["patch"] = "1.0.1"


def cluster_patch_offered(world: World) -> None:
    patch_offered(world, "etcd")


def another_kubernetes(world: World) -> None:
    world.answers["nodes"][0]["status"]["nodeInfo"]["kubeletVersion"] = "v1.33.0"


def debian_updated(world: World, app: str) -> None:
    world.answers["offers"]["images"][app]["updates"] = [f"lib{number} 1 -> 2" for number in range(5)]


def secret_old(world: World, secret: str) -> None:
    for change in world.answers["changes"]:
        if change["name"] == secret:
            change["time"] = world.ago(100 * DAY)


def certificate_ends(world: World) -> None:
    world.answers["tls"]["secret"]["not_after"] = world.now + 40 * DAY


def scaled(ago: float | None, *, age: float = DAY) -> Breakage:
    def breakage(world: World, hpa: str) -> None:
        item = world.item("hpas", hpa)
        item["metadata"]["creationTimestamp"] = world.ago(age)
        item["status"].pop("lastScaleTime")
        if ago is not None:
            item["status"]["lastScaleTime"] = world.ago(ago)

    return breakage


KNOWN_BAD_REVIEWS: dict[str, tuple[Breakage, ...]] = {
    "test_restarts_few_this_week": (value("upkeep/restarts", 6),),
    "test_volume_has_room": (volume_full, volume_filling),
    "test_trend_comes_back": (creeping,),
    "test_key_metric_trend": (heading_for_its_level,),
    "test_no_new_warning_recurs": (recurring_warning,),
    "test_no_new_error_recurs": (recurring_error,),
    "test_backup_proved": (
        backup(None, age=20 * DAY),
        backup({"at": 1, "points": 100, "findings": ["sensors is empty; 100 points expected"]}),
        backup({"at": 9, "points": 100, "findings": []}),
    ),
    "test_requests_fit": (used("cpu", 0.7), used("cpu", 3.0), used("memory", 2.0**31)),
    "test_cluster_current": (cluster_patch_offered, another_kubernetes),
    "test_image_current": (image_not_built_here, patch_offered, debian_updated),
    "test_secret_rotated": (secret_old,),
    "test_rotation_proved": (
        rotation(None, age=100 * DAY),
        rotation({"at": 1, "findings": ["for 40 s nothing was stored"]}),
        rotation({"at": 1, "lost": 3}),
        rotation({"at": 91}),
    ),
    "test_certificate_outlives_review": (certificate_ends,),
    "test_autoscaler_proved": (scaled(None, age=40 * DAY), scaled(40 * DAY, age=80 * DAY)),
}
