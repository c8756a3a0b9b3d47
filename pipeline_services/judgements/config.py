"""Are ConfigMap and Secrets there, consistent, and accepted by the services they are for (section 3)?"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import require_ready
from pipeline_services.metrics.advice import advice_about
from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import K8sObject, name_of, ports_of, references_of, template_of
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

LOADS: Final = ("PRODUCER_RATE", "PRODUCER_DEVICES")
_ADVICE: Final = advice_about("config")
_REFUSED: Final = (401, 403)
_FORBIDDEN: Final = 403
_NO_TOKEN_OR_BUCKET: Final = (401, 404)
_TAKEN_OR_NO_POINT: Final = (204, 400)


def settings_lead_to(snapshot: Snapshot, part: str) -> None:
    """The ConfigMap's settings for Kafka or InfluxDB name what is really there."""
    data, described = _config_map(snapshot), snapshot.pipeline.config
    for key, expected in described.settings[part].items():
        if data.get(key) != expected:
            observed = f"{key} in {described.config_map} is {data.get(key)!r}"
            raise Deviation(snapshot, observed, repr(expected), _ADVICE)
    service = snapshot.pipeline.service(part)
    for value in described.settings[part].values():
        if value in (service.address, service.url):
            _require_service(snapshot, value)


def load_is_set(snapshot: Snapshot) -> None:
    """The producer's rate and number of devices are positive numbers."""
    data = _config_map(snapshot)
    for key in LOADS:
        try:
            good = float(data.get(key, "")) > 0
        except ValueError:
            good = False
        if not good:
            observed = f"{key} in {snapshot.pipeline.config.config_map} is {data.get(key)!r}"
            raise Deviation(snapshot, observed, "a number > 0", _ADVICE)


def references_exist(snapshot: Snapshot) -> None:
    """Every ConfigMap, Secret and key that a workload's pods need is there."""
    there = keys_of(snapshot.data("configmaps"), snapshot.data("secrets"))
    for workloads in WORKLOAD_KINDS:
        for workload in snapshot.data(workloads.source):
            for missing in missing_references(workload, there):
                raise Deviation(snapshot, f"{name_of(workload)} needs {missing}", "it is there", _ADVICE)


def keys_of(config_maps: Iterable[K8sObject], secrets: Iterable[K8sObject]) -> dict[tuple[str, str], Container[str]]:
    """The keys of each ConfigMap and of each Secret (as the snapshot has it), by kind and name."""
    there: dict[tuple[str, str], Container[str]] = {
        ("ConfigMap", name_of(item)): item.get("data") or {} for item in config_maps
    }
    return there | {("Secret", item["name"]): item["keys"] for item in secrets}


def missing_references(workload: K8sObject, there: Mapping[tuple[str, str], Container[str]]) -> Iterator[str]:
    """The ConfigMaps, Secrets and keys that the workload's pods cannot start without and that are not there.

    Args:
        there: the keys of each ConfigMap and Secret, by kind and name.
    """
    for one in references_of(template_of(workload)):
        if not one.optional and (
            (one.kind, one.name) not in there or (one.key and one.key not in there[one.kind, one.name])
        ):
            yield f"{one.kind} {one.name}{f' with the key {one.key}' if one.key else ''}"


def secrets_are_complete(snapshot: Snapshot) -> None:
    """Every Secret of the pipeline exists, and every key of it holds something."""
    there = {item["name"]: item["keys"] for item in snapshot.data("secrets")}
    for secret, keys in snapshot.pipeline.config.secrets.items():
        advice = _ADVICE.but(next_command=f"kubectl describe secret -n {{namespace}} {secret}")
        if secret not in there:
            missing = _ADVICE.but(next_command="kubectl get configmaps,secrets -n {namespace}")
            raise Deviation(snapshot, f"there is no Secret {secret}", "one", missing)
        empty = [key for key in keys if not there[secret].get(key, {}).get("bytes")]
        if empty:
            raise Deviation(snapshot, f"Secret {secret} holds nothing under {', '.join(empty)}", "a value", advice)


def token_is_accepted(snapshot: Snapshot, source: str) -> None:
    """InfluxDB accepts the token as it stands in the Secret now, whatever running pods still use."""
    require_ready(snapshot, roles.INFLUXDB)
    held = snapshot.pipeline.config.tokens[source]
    secret, key = held.secret, held.key
    status = snapshot.data(source)["status"]
    if status in _REFUSED:
        advice = _ADVICE.but(next_command=f"kubectl describe secret -n {{namespace}} {secret}")
        observed = f"InfluxDB refuses {key} of Secret {secret} with {status}"
        raise Deviation(snapshot, observed, "200", advice)
    if status != 200:
        raise UnexpectedAnswer(f"InfluxDB answers {status} where {key} of {secret} was tried")


def token_may_write(snapshot: Snapshot) -> None:
    """The token with which readings are written may do so.

    Raises:
        PreconditionNotMet: the token is not accepted, or there is no such bucket, which other checks say.
    """
    require_ready(snapshot, roles.INFLUXDB)
    held, status = snapshot.pipeline.config.write_token, snapshot.data("influxdb_write")["status"]
    if status == _FORBIDDEN:
        advice = _ADVICE.but(
            impact="no reading is stored: they wait in Kafka until its retention deletes them",
            next_command=f"kubectl describe secret -n {{namespace}} {held.secret}",
        )
        raise Deviation(snapshot, f"{held.key} of Secret {held.secret} may not write the bucket", "it may", advice)
    if status in _NO_TOKEN_OR_BUCKET:
        raise PreconditionNotMet(f"InfluxDB answers {status}: {held.key} of {held.secret} or the bucket is not there")
    if status not in _TAKEN_OR_NO_POINT:
        raise UnexpectedAnswer(f"InfluxDB answers {status} where {held.key} of {held.secret} was to write nothing")


def _config_map(snapshot: Snapshot) -> Mapping[str, str]:
    name = snapshot.pipeline.config.config_map
    found = named(snapshot, "configmaps", name)
    if found is None:
        raise Deviation(snapshot, f"there is no ConfigMap {name}", "one", _ADVICE)
    data: Mapping[str, str] = found.get("data") or {}
    return data


def _require_service(snapshot: Snapshot, address: str) -> None:
    url = urlsplit(address if "://" in address else f"//{address}")
    service = named(snapshot, "services", str(url.hostname))
    ports = [entry["port"] for entry in ports_of(service)] if service else []
    if url.port not in ports:
        raise Deviation(snapshot, f"{address} leads to no service (its ports: {ports})", "a service", _ADVICE)
