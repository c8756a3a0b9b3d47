"""After a pod is back, what others logged while it was away is no fault of theirs; what they log afterwards is."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline_services.judgements.logs import WINDOW
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.causes.stale_errors import SETTLED_AFTER
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Finding
from pipeline_services.triage.subjects import CAUSES

RECORDED = Path(__file__).parent.parent / "snapshots" / "healthy.json.gz"


def after(
    back: float, *errors: tuple[str, float], started: float = 900, more: dict[str, Any] | None = None
) -> list[Finding]:
    """The findings where kafka-0 became ready ``back`` seconds ago, and errors were logged so long ago.

    Args:
        more: other answers than those of a pipeline that is well.
    """
    healthy = Snapshot.from_json(gzip.decompress(RECORDED.read_bytes()).decode())
    answers: dict[str, Any] = json.loads(json.dumps(healthy.answers))
    for pod in answers["pods"]:
        for condition in pod["status"]["conditions"]:
            age = back if pod["metadata"]["name"] == "kafka-0" else 900.0
            condition["lastTransitionTime"] = rfc3339(healthy.taken_at - age)
        for status in pod["status"]["containerStatuses"]:
            young = started if pod["metadata"]["name"] == "kafka-0" else 900
            status["state"] = {"running": {"startedAt": rfc3339(healthy.taken_at - young)}}
    for component, ago in errors:
        line = json.dumps({"level": "ERROR", "message": "KafkaConnectionError: 111 ECONNREFUSED"})
        lines = answers[f"logs/{component}"][0]["lines"]
        lines.append(f"{rfc3339(healthy.taken_at - ago)} {line}")
        lines.sort()
    answers["loki/pods"] = dict.fromkeys(answers["loki/pods"], healthy.taken_at)
    answers |= more or {}
    seen = replace(healthy, answers=answers)
    return list(diagnose(seen).findings)


def test_errors_from_while_it_was_away_are_the_restarts() -> None:
    found = after(60, ("producer", 70), ("processor", 65))
    assert [(one.component, one.cause.id, one.self_healing) for one in found] == [("kafka", "outage-over", True)]
    assert "a pod of kafka is back" in found[0].summary


def test_it_lasts_no_longer_than_the_check_looks_back() -> None:
    assert CAUSES["outage-over"].heals_within == SETTLED_AFTER + WINDOW + 15


def test_clients_may_stumble_once_more_just_after() -> None:
    assert [one.component for one in after(60, ("producer", 50))] == ["kafka"]


def test_errors_that_go_on_are_not_explained_by_it() -> None:
    assert [(one.component, one.cause.id) for one in after(60, ("producer", 20))] == [("producer", "unknown")]


def test_errors_of_what_does_not_depend_on_it_are_not_either() -> None:
    found = after(60, ("kafka", 50))
    assert [(one.component, one.cause.id) for one in found] == [("kafka", "unknown")]


def test_a_return_long_ago_explains_nothing() -> None:
    assert [one.component for one in after(600, ("producer", 70))] == ["producer"]


def test_a_pod_that_is_young_itself_is_told_once() -> None:
    found = after(60, ("producer", 70), ("processor", 65), started=70)
    assert [one.component for one in found] == ["kafka"]


BROKEN_SOURCE = {"grafana_datasources/loki": {"status": 500, "message": "no such host"}}
OLD_UNSENT = {"prometheus/unacknowledged-age": [{"metric": {}, "value": [1795419641.446, "90"]}]}


def test_what_is_wrong_besides_does_not_make_it_more() -> None:
    found = after(60, ("producer", 70), more=BROKEN_SOURCE)
    assert {(one.component, one.cause.id) for one in found} == {
        ("kafka", "outage-over"),
        ("grafana", "datasource-broken"),
    }


def test_who_has_more_than_old_errors_is_not_excused_by_it() -> None:
    found = after(60, ("producer", 70), more=OLD_UNSENT)
    assert [(one.component, one.cause.id) for one in found] == [("producer", "producer-idle")]


def test_without_errors_there_is_no_echo() -> None:
    assert after(60) == []
