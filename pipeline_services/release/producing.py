"""The producer of one version alone: it fills a topic of its own, is looked at from outside, and is ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline_services.audit.ledger import LedgerVerdict, gaps
from pipeline_services.audit.records import TopicLog
from pipeline_services.audit.topic import read_topic
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.faults.admin import Admin
from pipeline_services.measure.probes import Probes
from pipeline_services.model import roles
from pipeline_services.release.ground import PRODUCING, Place, producer_pod
from pipeline_services.release.trial import Trial
from pipeline_services.release.version_pod import Alone, VersionFailed, running

WATCHED_S: Final = 30.0
"""Seconds for which the producer's rate is measured. What fails later shows in the roll-out, which has both apps."""


@dataclass(frozen=True, slots=True)
class Producing:
    """Runs the producer of one version after the other, each with a topic of its own.

    Attributes:
        producer: the producer's Deployment, as it is.
        prefix: how the names of the topics begin.
    """

    api: Admin
    probes: Probes
    producer: Mapping[str, Any]
    prefix: str

    def try_out(self, image: str, number: int) -> Trial:
        """Look at everything that the producer does.

        Args:
            number: tells this run's topic from those of others.

        Raises:
            PipelineError: something else than the version failed.
        """
        place, alone = Place(self.prefix, number), Alone(self.api, self.probes, roles.PRODUCER, PRODUCING)
        with running(self.api, producer_pod(self.producer, image, place)):
            trial = Trial()
            try:
                trial = replace(trial, ready_s=alone.ready())
                began, before = time.monotonic(), sum(self._ends(place).values())
                alone.watch(WATCHED_S)
                sent = sum(self._ends(place).values()) - before
                trial = replace(trial, rate=sent / (time.monotonic() - began))
            except VersionFailed as error:
                trial = replace(trial, failed=error.message)
            trial = replace(alone.looked_at(trial), stopped_s=alone.stopped())
        return trial if trial.failed else replace(trial, ledger=self._numbered(place))

    def _ends(self, place: Place) -> Mapping[int, int]:
        topics = self.probes.pipeline.topics
        with KafkaBroker(self.probes.kafka_forward.port) as broker:
            return broker.offsets(topics.group, place.produced, topics.partition_numbers).end

    def _numbered(self, place: Place) -> LedgerVerdict:
        """What is in the topic, and which numbers below the highest of each device are not."""
        ends, topic = self._ends(place), TopicLog()
        start = dict.fromkeys(ends, 0)
        read_topic(self.probes.kafka_forward.port, place.produced, start, ends, lambda _reading: topic)
        return numbered(topic)


def numbered(topic: TopicLog) -> LedgerVerdict:
    """The verdict on what a producer has put into a topic that nobody else writes."""
    count = len(topic.records)
    return LedgerVerdict(attempted=count, acknowledged=count, stored=count, lost=gaps(topic))
