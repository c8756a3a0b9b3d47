"""What a producer says that the broker answers to what it sends, and the settings that make it answer so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements import brokers
from pipeline_services.judgements.kafka import other_settings
from pipeline_services.model import roles
from pipeline_services.triage.evidence import Evidence

STILL_SAID: Final = 20.0
"""Seconds within which a producer that is refused says so once more."""
_REPLICAS: Final = r"min\.insync\.replicas"
_SETTINGS: Final[Mapping[str, str]] = {
    "MessageSizeTooLarge": r"max\.message\.bytes|message\.max\.bytes",
    "RecordListTooLarge": r"max\.message\.bytes|message\.max\.bytes|segment\.bytes",
    "InvalidRecord": r"cleanup\.policy",
    "InvalidTimestamp": r"message\.timestamp\.",
    "PolicyViolation": "",
    "NotEnoughReplicasAfterAppend": _REPLICAS,
    "NotEnoughReplicas": _REPLICAS,
    "TopicAuthorizationFailed": "",
}
"""Each answer, and the names of the settings of a topic, or of its brokers, that lead to it; empty: none does."""
_REFUSED: Final = rf"\b({'|'.join(_SETTINGS)})Error"


def refusal(evidence: Evidence) -> tuple[str, list[str]]:
    """What the broker answers the producer now, and the lines that say so; empty where it takes what is sent."""
    lines = evidence.said(roles.PRODUCER, _REFUSED, within=STILL_SAID)
    found = re.search(_REFUSED, lines[-1]) if lines else None
    return (found[0], lines[-2:]) if found and evidence.ready(roles.KAFKA) else ("", [])


def refused_for(evidence: Evidence, settings: Iterable[str]) -> list[str]:
    """The lines that say of the producer's records that they are refused, where one of these settings makes them be."""
    answer, lines = refusal(evidence)
    pattern = _SETTINGS.get(answer.removesuffix("Error"), "")
    return lines if pattern and any(re.search(pattern, one) for one in settings) else []


def is_set_so(evidence: Evidence) -> bool:
    """Whether a setting that is not as declared makes the broker refuse the producer's records."""
    topic, settings = evidence.pipeline.topics.readings, set[str]()
    if evidence.failed(checks.TOPIC_SET_AS_DECLARED, topic):
        settings |= {key for key, _, _ in other_settings(evidence.snapshot, topic)}
    if evidence.failed(checks.BROKERS_SET_AS_DECLARED):
        settings |= {one["key"] for one in brokers.set_at_run_time(evidence.snapshot)}
    return bool(refused_for(evidence, settings))
