"""The tables of what travels and where it is kept: topics, store, ConfigMap and Secrets, names of series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.k8s import data_of, environment_of, name_of
from pipeline_services.snapshot.discover import wording
from pipeline_services.snapshot.discover.credentials import Credentials
from pipeline_services.snapshot.discover.dashboards import panels_of
from pipeline_services.snapshot.discover.facts import Facts
from pipeline_services.snapshot.discover.namespace import Namespace, Workload
from pipeline_services.snapshot.redaction import REDACTED

SERIES_SOURCE: Final = "series_names"
"""Of a discovery that could ask Prometheus: the names of the series that the apps' pods give."""


class Contents:
    """Writes the facts about what the pipeline carries; ``workloads`` are by their roles."""

    def __init__(self, namespace: Namespace, workloads: Mapping[str, Workload]) -> None:
        self._namespace = namespace
        self._workloads = workloads
        self._credentials = Credentials.of(namespace, workloads)
        self._clients = [workloads[one] for one in (roles.PROCESSOR, roles.PRODUCER) if one in workloads]
        self._told = [setting for workload in self._clients for setting in workload.variables]
        self._panels = panels_of(namespace, workloads.get(roles.GRAFANA))

    def facts(self) -> Facts:
        """The tables ``topics``, ``store``, ``config`` and ``metrics``."""
        facts = Facts()
        self._topics(facts)
        self._store(facts)
        self._config(facts)
        self._metrics(facts)
        return facts

    def _topics(self, facts: Facts) -> None:
        topic = self._told_as(facts, "topics", "readings", wording.TOPIC)
        known = self._namespace.answer("kafka_topics", {})
        partitions = wording.first(self._told, wording.PARTITIONS)
        if topic in known:
            facts.found("topics", "partitions", len(known[topic]), f"Kafka's list of topics, {topic}")
        elif partitions and partitions.value.isdigit():
            facts.found("topics", "partitions", int(partitions.value), partitions.by)
        else:
            facts.to_fill_in("topics", "partitions", "nothing says how many; a broker makes 1", 1)
        self._told_as(facts, "topics", "dead_letters", wording.DEAD_LETTER_TOPIC)
        self._told_as(facts, "topics", "group", wording.GROUP)
        for key, known in self._namespace.answer("kafka_settings", {}).get(topic, {}).items():
            if known["own"]:
                facts.guessed("topics/settings", key, known["value"], f"set on the topic {topic} itself")

    def _store(self, facts: Facts) -> None:
        self._told_as(facts, "store", "org", wording.ORG)
        self._told_as(facts, "store", "bucket", wording.BUCKET)
        told, asked = wording.first(self._told, wording.MEASUREMENT), next(self._measurements(), None)
        if told:
            facts.found("store", "measurement", told.value, told.by)
        elif asked:
            facts.guessed("store", "measurement", *asked)
        else:
            facts.to_fill_in("store", "measurement", "no setting and no panel names it")

    def _measurements(self) -> Iterator[tuple[str, str]]:
        """The measurements that panels ask for, and which panel does."""
        for panel in self._panels:
            for name in filter(None, map(wording.measurement_in, panel.queries)):
                if panel.source == roles.INFLUXDB:
                    yield name, f"panel {panel.title!r} of {panel.board}"

    def _told_as(self, facts: Facts, table: str, key: str, name: re.Pattern[str]) -> str:
        """Write the value of the setting of such a name, and return it."""
        setting = wording.first(self._told, name)
        if setting is None:
            facts.to_fill_in(table, key, f"no variable of {self._who} names it")
            return ""
        facts.found(table, key, setting.value, setting.by)
        return setting.value

    @property
    def _who(self) -> str:
        return " and ".join(one.name for one in self._clients) or "a client of Kafka"

    def _config(self, facts: Facts) -> None:
        read = [one for client in self._clients for one in environment_of(client.template)]
        maps = [one.name for one in read if one.kind == "ConfigMap"]
        chosen = max(maps, key=maps.count, default="")
        if chosen:
            others = sorted(set(maps) - {chosen})
            besides = f"; they read {', '.join(others)}, too" if others else ""
            facts.found("config", "config_map", chosen, f"the environment of {self._who}{besides}")
        else:
            facts.to_fill_in("config", "config_map", f"{self._who} read none")
        self._tokens(facts)
        self._secrets(facts)
        self._settings(facts, chosen)

    def _tokens(self, facts: Facts) -> None:
        write = self._credentials.token_of(roles.PROCESSOR)
        read = self._credentials.token_of(roles.GRAFANA) or self._credentials.token_to_read_with()
        for key, held in (("write_token", write), ("read_token", read)):
            if held:
                facts.found("config", key, held.value, held.by)
            elif write:
                facts.guessed("config", key, write.value, "there is no other token than the one that writes")
            else:
                facts.to_fill_in("config", key, "no variable of the processor is a token", {"secret": "", "key": ""})

    def _settings(self, facts: Facts, config_map: str) -> None:
        """What the ConfigMap says of Kafka and of InfluxDB."""
        present = {role: words for role, words in wording.LEADS_TO.items() if role in self._workloads}
        maps = [data_of(one) for one in self._namespace.listed("configmaps") if name_of(one) == config_map]
        found = [
            (component, key, value)
            for component in present
            for key, value in next(iter(maps), {}).items()
            if component == next((role for role, words in present.items() if words.search(key)), "")
            and REDACTED not in value
        ]
        for component, key, value in found:
            facts.found(f"config/settings/{component}", key, value, f"ConfigMap {config_map}")
        if not found:
            facts.to_fill_in("config", "settings", "no ConfigMap says anything of Kafka or InfluxDB", {})

    def _secrets(self, facts: Facts) -> None:
        tls, admin = self._credentials.certificate(), self._credentials.administrator(roles.INFLUXDB)
        if tls:
            facts.found("config", "tls", tls, f"volumes of {self._workloads[roles.INFLUXDB]}")
        else:
            facts.to_fill_in("config", "tls", "InfluxDB mounts no certificate")
        if admin:
            facts.guessed("config", "admin", admin.reference.name, admin.by)
        else:
            facts.to_fill_in("config", "admin", "no Secret is known to hold InfluxDB's administrator")
        grafana = self._credentials.administrator(roles.GRAFANA)
        kept = {
            name: keys for name, keys in self._credentials.keys.items() if not grafana or name != grafana.reference.name
        }
        for name, keys in kept.items():
            found_by = f"Secret {name}" if self._credentials.listed else ""
            facts.add("config/secrets", name, list(keys), found_by=found_by, guessed_by="the keys that pods read")
        if not kept:
            facts.to_fill_in("config", "secrets", "no Secret could be read", {})

    def _metrics(self, facts: Facts) -> None:
        """Each series by its meaning; what is not counted is no line."""
        given = {str(one) for one in self._namespace.listed(SERIES_SOURCE)}
        by = "a series of the apps' pods, by its name" if given else "a query of the rules or panels, by its name"
        asked = {word for text in self._expressions() for word in wording.SERIES.findall(text)}
        found = wording.series_by_meaning(given or asked)
        for meaning, name in found.items():
            facts.guessed("metrics", meaning, name, by)
        if not found:
            facts.to_fill_in("", "metrics", "no series, rule or panel counts readings", {})

    def _expressions(self) -> Iterator[str]:
        """What Prometheus and Grafana compute with."""
        prometheus = self._workloads.get(roles.PROMETHEUS)
        yield from (one.value for one in (prometheus.files if prometheus else ()) if "expr:" in one.value)
        yield from (query for panel in self._panels for query in panel.queries)
