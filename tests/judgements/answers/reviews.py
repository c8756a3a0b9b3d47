"""What the weekly and monthly reviews see of a pipeline that is looked after."""

from __future__ import annotations

import json
import math
from typing import Any

from pipeline_services.judgements.history import reading_key
from pipeline_services.judgements.renewal import ROTATIONS
from pipeline_services.judgements.upkeep import trends
from pipeline_services.model.component import Component
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.metrics.metric import KeyMetric
from pipeline_services.model.own_cluster import BACKUP_TESTED, ROTATED
from pipeline_services.model.pipeline import DEPLOYMENT, Pipeline
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.sources.metric_trends import trended

DAY = 86_400.0
SPAN = 12 * 3_600
STEP = 600
USED = {"upkeep/restarts": 1.0}


def answers(now: float, pipeline: Pipeline) -> dict[str, Any]:
    """The sources that a daily snapshot has not."""
    parts = pipeline.workloads.values()
    return {
        **{
            source: [{"metric": {pipeline.series_label: part.workload}, "value": [now, str(value)]} for part in parts]
            for source, value in USED.items()
        },
        "trends": {trend.series: _waves(now, trend.least) for trend in trends(pipeline).values()},
        **{f"metric_trends/{metric.id}": _steady(now, metric, pipeline) for metric in trended(pipeline)},
        "history": [look(now - hours * 3_600, pipeline) for hours in range(SPAN // 3_600, 0, -1)],
        "use/cpu": {part.id: _use(0.04, now) for part in parts},
        "use/memory": {part.id: _use(80 * 2.0**20, now) for part in parts},
        "offers": _offers(pipeline),
        "loki/loud": {"since": now - SPAN, "kinds": []},
        "changes": [
            *(_applied(part, now - 3 * DAY) for part in parts),
            *(_written(secret, now - 30 * DAY) for secret in pipeline.config.rotated),
        ],
        "replicasets": [_replica_set(part, now - 3 * DAY) for part in parts if part.kind == DEPLOYMENT],
    }


def _offers(pipeline: Pipeline) -> dict[str, Any]:
    """What runs is what was built, and nothing is newer."""
    parts = pipeline.workloads.values()
    refs = {part.id: f"localhost/{pipeline.name}/{part.id}:1" for part in parts}
    return {
        "images": {name: {"ref": ref, "parts": [name], "updates": []} for name, ref in refs.items()},
        "cluster": ["kubernetes", "etcd"],
        "parts": {
            **{name: {"pinned": "1.0", "patch": "", "newest": ""} for name in (*refs, "etcd")},
            "kubernetes": {"pinned": "1.34.4", "patch": "", "newest": ""},
        },
    }


def _use(value: float, now: float) -> dict[str, float]:
    return {"p50": value / 2, "p95": value, "p99": value, "max": value, "since": now - SPAN}


def look(at: float, pipeline: Pipeline) -> dict[str, Any]:
    """What a run kept of a pipeline that did well then."""
    read = {
        reading_key(metric.id, subject): good(metric)
        for metric in KEY_METRICS.values()
        for subject in metric.cases(pipeline)
    }
    return {"at": at, "kind": "daily", "readings": read, "seen": []}


def good(metric: KeyMetric) -> float:
    """A value on the good side of both levels."""
    return 2 * metric.warn if metric.wants_much else metric.warn / 2


def _steady(now: float, metric: KeyMetric, pipeline: Pipeline) -> dict[str, Any]:
    return {subject: [[at, good(metric)] for at, _ in _waves(now, 1.0)] for subject in metric.cases(pipeline)}


def notes(now: float) -> dict[str, str]:
    """What ``make backup-test`` and the rotations write to a volume claim."""
    tested = {"at": now - DAY, "points": 1_000_000, "bytes": 12_000_000, "findings": []}
    rotated = {"at": now - 30 * DAY, "gap_s": 2.4, "written": 6_000, "lost": 0, "findings": []}
    return {BACKUP_TESTED: json.dumps(tested)} | {f"{ROTATED}{what}": json.dumps(rotated) for what in ROTATIONS}


def _waves(now: float, least: float) -> list[list[float]]:
    """Up and down around a level, as a garbage collector or a day's load makes it."""
    times = range(int(now) - SPAN, int(now) + 1, STEP)
    return [[at, least * (2 + math.sin((at - now) / 3_600))] for at in times]


def _change(kind: str, name: str, at: float, *fields: str) -> dict[str, Any]:
    who = {"manager": "conveyor-deploy", "operation": "Apply"}
    return {"kind": kind, "name": name, **who, "time": rfc3339(at), "fields": list(fields)}


def _applied(part: Component, at: float) -> dict[str, Any]:
    image = f"spec.template.spec.containers[{part.container}].image"
    return _change(part.kind, part.workload, at, "spec.replicas", image)


def _written(secret: str, at: float) -> dict[str, Any]:
    return _change("Secret", secret, at, "data.token", "data.password", "type")


def _replica_set(part: Component, at: float) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": part.container, "image": f"localhost/conveyor/{part.id}:1"}]}}
    metadata = {"name": f"{part.workload}-7c9d8f6b5", "creationTimestamp": rfc3339(at)}
    return {"metadata": metadata, "spec": {"template": template}}
