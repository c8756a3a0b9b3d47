"""The table ``config``: which ConfigMaps say what, which Secrets hold which token, certificate and administrator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pipeline_services.discover import wording
from pipeline_services.discover.credentials import Credentials
from pipeline_services.discover.facts import Facts
from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.discover.outside import told_outside
from pipeline_services.discover.shared import told_shared
from pipeline_services.model import roles
from pipeline_services.model.configuration import AdminKeys
from pipeline_services.model.k8s import data_of, environment_of, name_of
from pipeline_services.snapshot.redaction import REDACTED

_TABLE: Final = "config"
_LOAD: Final = re.compile(r"PRODUCER_(?:RATE|DEVICES)")
_ADMIN_KEYS: Final = {"username": re.compile(r"(?i)user"), "password": re.compile(r"(?i)pass"), "token": wording.TOKEN}


class Configuration:
    """Writes the facts about ConfigMaps and Secrets; ``workloads`` are by their roles."""

    def __init__(self, namespace: Namespace, workloads: Mapping[str, Workload]) -> None:
        self._workloads = workloads
        outside = [roles.KAFKA] if any(told_outside(namespace)) else []
        self._there = {*workloads, *outside, *(one.role for one in told_shared(namespace))}
        self._credentials = Credentials.of(namespace, workloads)
        self._data = {name_of(one): data_of(one) for one in namespace.listed("configmaps")}

    def facts(self) -> Facts:
        """The tables ``config``, ``config.settings`` or ``config.config_maps``, and ``config.secrets``."""
        facts = Facts()
        maps = config_maps_of(self._workloads)
        if len(maps) == 1:
            facts.found(_TABLE, "config_map", maps[0], "the environment of all that read one")
            if not any(map(_LOAD.fullmatch, self._data.get(maps[0], {}))):
                facts.guessed(_TABLE, "positive", [], f"ConfigMap {maps[0]} has no load of the producer")
        self._tokens(facts)
        self._kept(facts)
        for name in maps:
            self._settings(facts, name, "config/settings" if len(maps) == 1 else f"config/config_maps/{name}")
        return facts

    def _tokens(self, facts: Facts) -> None:
        write = self._credentials.token_of(roles.PROCESSOR)
        read = self._credentials.token_of(roles.GRAFANA) or self._credentials.token_to_read_with()
        for key, held in (("write_token", write), ("read_token", read)):
            if held:
                facts.add(_TABLE, key, held.value, held.by, sure=held.told)
            elif write:
                facts.guessed(_TABLE, key, write.value, "there is no other token than the one that writes")
            else:
                facts.to_fill_in(_TABLE, key, "no variable of the processor is a token", {"secret": "", "key": ""})

    def _settings(self, facts: Facts, config_map: str, table: str) -> None:
        """What a ConfigMap says of Kafka and of InfluxDB."""
        present = {role: words for role, words in wording.LEADS_TO.items() if role in self._there}
        for component in present:
            for key, value in self._data.get(config_map, {}).items():
                meant = next((role for role, words in present.items() if words.search(key)), "")
                if meant == component and REDACTED not in value:
                    facts.found(f"{table}/{component}", key, value, f"ConfigMap {config_map}")

    def _kept(self, facts: Facts) -> None:
        tls, admin = self._credentials.certificate(), self._credentials.administrator(roles.INFLUXDB)
        if tls:
            facts.found(_TABLE, "tls", tls, f"volumes of {self._workloads[roles.INFLUXDB]}")
            if "ca.crt" not in self._credentials.keys.get(tls, ("ca.crt",)):
                facts.found(_TABLE, "ca", "tls.crt", f"Secret {tls} has no ca.crt: it vouches for itself")
        if admin:
            facts.guessed(_TABLE, "admin", admin.reference.name, admin.by)
            self._admin_keys(facts, admin.reference.name)
        grafana = self._credentials.administrator(roles.GRAFANA)
        for name, keys in self._credentials.keys.items():
            if not grafana or name != grafana.reference.name or (admin and name == admin.reference.name):
                listed = self._credentials.listed
                by = f"Secret {name}" if listed else "the keys that pods read"
                facts.add("config/secrets", name, list(keys), by, sure=listed)
        if not self._credentials.keys:
            facts.to_fill_in(_TABLE, "secrets", "no Secret could be read", {})

    def _admin_keys(self, facts: Facts, secret: str) -> None:
        """Under which keys it holds what, where they are not called as usual."""
        keys = self._credentials.keys.get(secret, ())
        found = {what: next(filter(words.search, keys), "") for what, words in _ADMIN_KEYS.items()}
        if all(found.values()) and found != {what: getattr(AdminKeys(), what) for what in found}:
            facts.guessed(_TABLE, "admin_keys", found, f"the names of the keys of Secret {secret}")


def config_maps_of(workloads: Mapping[str, Workload]) -> list[str]:
    """The ConfigMaps that producer and processor have in their environment."""
    clients = [workloads[role] for role in (roles.PRODUCER, roles.PROCESSOR) if role in workloads]
    read = [one for client in clients for one in environment_of(client.template) if one.kind == "ConfigMap"]
    return list(dict.fromkeys(one.name for one in read))
