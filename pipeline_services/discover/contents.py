"""The tables of what travels and where it is kept: topics, messages, store, names of series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pipeline_services.discover import wording
from pipeline_services.discover.dashboards import panels_of
from pipeline_services.discover.facts import Facts
from pipeline_services.discover.messages import MESSAGES_SOURCE
from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.model import roles
from pipeline_services.model.k8s import Setting
from pipeline_services.model.reading_identity import ISO_8601

SERIES_SOURCE: Final = "series_names"
"""Of a discovery that could ask Prometheus: the names of the series that the apps' pods give."""


class Contents:
    """Writes the facts about what the pipeline carries; ``workloads`` are by their roles."""

    def __init__(self, namespace: Namespace, workloads: Mapping[str, Workload]) -> None:
        self._namespace = namespace
        self._workloads = workloads
        self._clients = [workloads[one] for one in (roles.PROCESSOR, roles.PRODUCER) if one in workloads]
        self._told = [setting for workload in self._clients for setting in workload.variables]
        self._code = [file for workload in self._clients for file in workload.files]
        self._panels = panels_of(namespace, workloads.get(roles.GRAFANA))

    def facts(self) -> Facts:
        """The tables ``topics``, ``store``, ``message`` and ``metrics``."""
        facts = Facts()
        self._topics(facts)
        self._store(facts)
        self._message(facts)
        self._metrics(facts)
        return facts

    def _topics(self, facts: Facts) -> None:
        topic = self._told_as(facts, "topics", "readings", wording.TOPIC)
        known = self._namespace.snapshot.data_or("kafka_topics", {})
        partitions = wording.first(self._told, wording.PARTITIONS)
        if topic in known:
            facts.found("topics", "partitions", len(known[topic]), f"Kafka's list of topics, {topic}")
        elif partitions and partitions.value.isdigit():
            facts.found("topics", "partitions", int(partitions.value), partitions.by)
        else:
            facts.to_fill_in("topics", "partitions", "nothing says how many; a broker makes 1", 1)
        kafka = self._workloads.get(roles.KAFKA)
        images = [str(one.get("image") or "") for one in (kafka.containers if kafka else ())]
        if any(map(wording.CONFLUENT.search, images)):
            facts.guessed("topics", "tools", "", f"image {images[0]} has kafka-topics, not kafka-topics.sh")
        if kafka and (by := _made_by_use(kafka)):
            facts.found("topics", "made_by_use", True, by)
        dead = wording.first(self._told, wording.DEAD_LETTER_TOPIC)
        if dead:
            facts.found("topics", "dead_letters", dead.value, dead.by)
        self._told_as(facts, "topics", "group", wording.GROUP)
        for key, known in self._namespace.snapshot.data_or("kafka_settings", {}).get(topic, {}).items():
            if known["own"]:
                facts.guessed("topics/settings", key, known["value"], f"set on the topic {topic} itself")

    def _store(self, facts: Facts) -> None:
        self._told_as(facts, "store", "org", wording.ORG)
        self._told_as(facts, "store", "bucket", wording.BUCKET)
        told = wording.first(self._told, wording.MEASUREMENT)
        asked = next(iter((*self._measurements(), *self._written(wording.POINT))), None)
        if told:
            facts.found("store", "measurement", told.value, told.by)
        elif asked:
            facts.guessed("store", "measurement", *asked)
        else:
            facts.to_fill_in("store", "measurement", "no setting, panel or mounted code names it")
        field = next(self._written(wording.FIELD), None)
        if field:
            facts.guessed("store", "value", *field)

    def _measurements(self) -> Iterator[tuple[str, str]]:
        """The measurements that panels ask for, and which panel does."""
        for panel in self._panels:
            for name in filter(None, map(wording.measurement_in, panel.queries)):
                if panel.source == roles.INFLUXDB:
                    yield name, f"panel {panel.title!r} of {panel.board}"

    def _written(self, words: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """What code that is mounted from a ConfigMap names, and where it does."""
        return ((found[1], file.by) for file in self._code for found in words.finditer(file.value))

    def _message(self, facts: Facts) -> None:
        """Numbered messages, as the suite's own apps send them, need no table."""
        seen = self._namespace.snapshot.data_or(MESSAGES_SOURCE, {"own": True})
        if seen["own"]:
            return
        by = f"the fields of {seen['seen']} messages of the topic"
        for key, otherwise in (("series", []), ("time", "")):
            if key in seen:
                facts.guessed("message", key, seen[key], by)
            else:
                facts.to_fill_in("message", key, f"{by} do not tell", otherwise)
        if seen.get("time_format", ISO_8601) != ISO_8601:
            facts.guessed("message", "time_format", seen["time_format"], by)

    def _told_as(self, facts: Facts, table: str, key: str, name: re.Pattern[str]) -> str:
        """Write the value of the setting of such a name, and return it."""
        setting = wording.first(self._told, name)
        if setting is None:
            who = " and ".join(one.name for one in self._clients) or "a client of Kafka"
            facts.to_fill_in(table, key, f"no variable of {who} names it")
            return ""
        facts.found(table, key, setting.value, setting.by)
        return setting.value

    def _metrics(self, facts: Facts) -> None:
        """Each series by its meaning; what is not counted is no line."""
        given = {str(one) for one in self._namespace.listed(SERIES_SOURCE)}
        by = "a series of the apps' pods, by its name" if given else "a query or the apps' own code, by its name"
        asked = {word for one in self._expressions() for word in wording.series_in(one.value)}
        for meaning, name in wording.series_by_meaning(given or asked).items():
            facts.guessed("metrics", meaning, name, by)

    def _expressions(self) -> Iterator[Setting]:
        """What Prometheus and Grafana compute with, and what mounted code counts."""
        prometheus = self._workloads.get(roles.PROMETHEUS)
        yield from (one for one in (prometheus.files if prometheus else ()) if "expr:" in one.value)
        yield from (Setting("", query, panel.board) for panel in self._panels for query in panel.queries)
        yield from self._code


def _made_by_use(kafka: Workload) -> str:
    """What tells the broker to make a topic when somebody first asks for it; empty where nothing does."""
    lines = {one.by: f"{one.name.removeprefix('KAFKA_')}={one.value}" for one in kafka.variables}
    files = {one.by: one.value for one in kafka.files}
    return next((by for by, text in {**lines, **files}.items() if wording.MADE_BY_USE.search(text)), "")
