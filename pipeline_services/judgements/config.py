"""Are ConfigMap and Secrets there, consistent, and accepted by the services they are for (section 3)?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import require_ready
from pipeline_services.model import roles
from pipeline_services.model.errors import AccessDenied, NoData, NotAsked, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import (
    K8sObject,
    environment_of,
    epoch,
    name_of,
    ports_of,
    references_of,
    stamped,
    started_at,
    template_of,
)
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

_ADVICE: Final = advice_about("config")
_REFUSED: Final = (401, 403)
_FORBIDDEN: Final = 403
_NO_TOKEN_OR_BUCKET: Final = (401, 404)
_TAKEN_OR_NO_POINT: Final = (204, 400)
REFUSAL: Final = r"(?i)unauthorized|(HTTP|status)\W{0,3}40[13]\b"
"""What a client logs whose token is refused."""
LATELY_S: Final = 120.0
_HIDDEN: Final = "not found"
"""What InfluxDB says of a bucket to a token that may not read it."""


def settings_lead_to(snapshot: Snapshot, part: str) -> None:
    """The ConfigMaps' settings for Kafka or InfluxDB name what is really there."""
    component = snapshot.pipeline[part]
    service = None if component.namespace else component.service
    for name, wanted in snapshot.pipeline.config.by_config_map.items():
        data = _config_map(snapshot, name) if part in wanted else {}
        for key, expected in wanted.get(part, {}).items():
            if data.get(key) != expected:
                raise Deviation(snapshot, _setting(data, key, name), repr(expected), _advice(name))
            if service and expected in (service.address, service.url):
                _require_service(snapshot, expected)


def _setting(data: Mapping[str, str], key: str, name: str) -> str:
    return f"{key} in {name} is {data[key]!r}" if key in data else f"{key} is missing from ConfigMap {name}"


def load_is_set(snapshot: Snapshot) -> None:
    """The producer's rate and number of devices are positive numbers."""
    name = snapshot.pipeline.config.config_map
    data = _config_map(snapshot, name)
    for key in snapshot.pipeline.config.positive:
        try:
            good = float(data.get(key, "")) > 0
        except ValueError:
            good = False
        if not good:
            raise Deviation(snapshot, _setting(data, key, name), "a number > 0", _ADVICE)


def references_exist(snapshot: Snapshot) -> None:
    """Every ConfigMap, Secret and key that a workload's pods need is there."""
    there = keys_of(snapshot.data("configmaps"), snapshot.data("secrets"))
    for workloads in WORKLOAD_KINDS:
        for workload in snapshot.data(workloads.source):
            for missing in missing_references(workload, there):
                raise Deviation(snapshot, f"{name_of(workload)} needs {missing}, which does not exist", "one", _ADVICE)


def keys_of(config_maps: Iterable[K8sObject], secrets: Iterable[K8sObject]) -> dict[tuple[str, str], Collection[str]]:
    """The keys of each ConfigMap and of each Secret (as the snapshot has it), by kind and name."""
    there: dict[tuple[str, str], Collection[str]] = {
        ("ConfigMap", name_of(item)): item.get("data") or {} for item in config_maps
    }
    return there | {("Secret", item["name"]): item["keys"] for item in secrets}


class Missing(NamedTuple):
    """A ConfigMap or a Secret that is not there, or a key of one that is."""

    kind: str
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{f'the key {self.key} of ' if self.key else ''}{self.kind} {self.name}"


def missing_references(workload: K8sObject, there: Mapping[tuple[str, str], Collection[str]]) -> list[Missing]:
    """The ConfigMaps, Secrets and keys that the workload's pods cannot start without and that are not there.

    Args:
        there: the keys of each ConfigMap and Secret, by kind and name.
    """
    needed = [one for one in references_of(template_of(workload)) if not one.optional]
    missing = (
        Missing(one.kind, one.name, one.key if (one.kind, one.name) in there else "")
        for one in needed
        if one.key not in there.get((one.kind, one.name), ()) and (one.key or (one.kind, one.name) not in there)
    )
    return list(dict.fromkeys(missing))


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
            raise Deviation(snapshot, f"Secret {secret} has no value for {', '.join(empty)}", "a value", advice)


def token_is_accepted(snapshot: Snapshot, source: str) -> None:
    """InfluxDB accepts the token as it stands in the Secret now, whatever running pods still use."""
    require_ready(snapshot, roles.INFLUXDB)
    held = snapshot.pipeline.config.tokens[source]
    secret, key = held.secret, held.key
    status = snapshot.data(source)["status"]
    advice = _ADVICE.but(next_command=f"kubectl describe secret -n {{namespace}} {secret}")
    if held == snapshot.pipeline.config.read_token and _may_not_read(snapshot):
        observed = f"{key} of Secret {secret} has no permission to read the bucket {snapshot.pipeline.store.bucket}"
        raise Deviation(snapshot, observed, "read access", advice.but(impact="nobody who reads with it sees a reading"))
    if status in _REFUSED:
        observed = f"InfluxDB refuses {key} of Secret {secret} with {status}"
        raise Deviation(snapshot, observed, "200", advice)
    if status != 200:
        raise UnexpectedAnswer(f"InfluxDB answers {status} where {key} of {secret} was tried")


def _may_not_read(snapshot: Snapshot) -> bool:
    """Whether InfluxDB has the bucket for the token that writes, and not for the one that reads."""
    written, why = snapshot.answers.get("influxdb_write", {}).get("status"), snapshot.failures.get("influxdb_newest")
    hidden = why is not None and (_HIDDEN in why.message or store_refuses(snapshot, "influxdb_newest"))
    return hidden and written in _TAKEN_OR_NO_POINT


def store_refuses(snapshot: Snapshot, source: str) -> bool:
    """Whether it is InfluxDB that lets nobody read the source with the token that was tried, and not the cluster."""
    why = snapshot.failures.get(source)
    return why is not None and why.kind == AccessDenied.__name__ and why.resource.startswith(roles.INFLUXDB)


def token_may_write(snapshot: Snapshot) -> None:
    """The token with which readings are written may do so.

    Raises:
        PreconditionNotMet: the token is not accepted, or there is no such bucket, which other checks say.
    """
    require_ready(snapshot, roles.INFLUXDB)
    held, status = snapshot.pipeline.config.write_token, snapshot.data("influxdb_write")["status"]
    if status == _FORBIDDEN:
        advice = _ADVICE.but(
            impact="no reading is stored", next_command=f"kubectl describe secret -n {{namespace}} {held.secret}"
        )
        raise Deviation(
            snapshot,
            f"{held.key} of Secret {held.secret} has no permission to write to the bucket",
            "write access",
            advice,
        )
    if status in _NO_TOKEN_OR_BUCKET:
        raise PreconditionNotMet(f"InfluxDB answers {status}: {held.key} of {held.secret} or the bucket is not there")
    if status not in _TAKEN_OR_NO_POINT:
        raise UnexpectedAnswer(f"InfluxDB answers {status} where {held.key} of {held.secret} was to write nothing")


def pods_hold_the_token(snapshot: Snapshot) -> None:
    """No pod goes on with a token that was replaced in the Secret since it started, and that InfluxDB now refuses.

    A value that is written anew says nothing by itself: it may be the same, or the old one may still be good.

    Raises:
        PreconditionNotMet: InfluxDB does not accept the token in the Secret either, which another check says.
    """
    held, stale = snapshot.pipeline.config.write_token, pods_with_old_token(snapshot)
    if not stale:
        return
    status = snapshot.data("influxdb_token")["status"]
    if status != 200:
        raise PreconditionNotMet(f"InfluxDB answers {status} to the token in the Secret {held.secret}")
    refused = [name_of(pod) for pod in stale if _is_refused(snapshot, name_of(pod))]
    if refused:
        observed = (
            f"InfluxDB refuses the token of {', '.join(refused)}, which started before {held.key} "
            f"of Secret {held.secret} was replaced"
        )
        advice = advice_about(roles.PROCESSOR).but(
            impact="readings that these pods consume are not stored until they restart",
            runbook="configuration",
            level="L2",
        )
        raise Deviation(snapshot, observed, "pods that started after that", advice)


def pods_with_old_token(snapshot: Snapshot) -> list[K8sObject]:
    """The processor's pods whose container started before the token that it has in its environment was written.

    Raises:
        NoData: nobody says when it was written.
    """
    written, part = token_written(snapshot), snapshot.pipeline[roles.PROCESSOR]
    pods = [pod for pod in snapshot.data("pods") if part.owns(pod) and _has_token(snapshot, pod)]
    return [pod for pod in pods if (started_at(pod) or written) < written]


def token_written(snapshot: Snapshot) -> float:
    """When the token for writing was written into its Secret, epoch seconds; raises as ``pods_with_old_token``."""
    held = snapshot.pipeline.config.write_token
    known = {item["name"]: item["keys"] for item in snapshot.data("secrets")}
    key = known.get(held.secret, {}).get(held.key)
    if key is None:
        raise PreconditionNotMet(f"there is no {held.key} in a Secret {held.secret}")
    if "written" not in key:
        raise NotAsked(f"the snapshot does not say when {held.key} of {held.secret} was written")
    if not key["written"]:
        raise NoData(f"the API server does not say when {held.key} of {held.secret} was written")
    return epoch(key["written"])


def _has_token(snapshot: Snapshot, pod: K8sObject) -> bool:
    held = snapshot.pipeline.config.write_token
    return any(
        (one.kind, one.name) == ("Secret", held.secret) and one.key in ("", held.key) for one in environment_of(pod)
    )


def _is_refused(snapshot: Snapshot, pod: str) -> bool:
    """Whether the pod has said so lately, and since the token was replaced."""
    since = max(token_written(snapshot), snapshot.taken_at - LATELY_S)
    tails = [tail for tail in snapshot.data(f"logs/{roles.PROCESSOR}") if tail["pod"] == pod]
    lines = [line for tail in tails for line in map(stamped, tail["lines"]) if line]
    return any(at > since and re.search(REFUSAL, text) for at, text in lines)


def _advice(config_map: str) -> Advice:
    return _ADVICE.but(next_command=f"kubectl get configmap -n {{namespace}} {config_map} -o yaml")


def _config_map(snapshot: Snapshot, name: str) -> Mapping[str, str]:
    found = named(snapshot, "configmaps", name)
    if found is None:
        raise Deviation(snapshot, f"there is no ConfigMap {name}", "one", _advice(name))
    data: Mapping[str, str] = found.get("data") or {}
    return data


def _require_service(snapshot: Snapshot, address: str) -> None:
    url = urlsplit(address if "://" in address else f"//{address}")
    service = named(snapshot, "services", str(url.hostname))
    ports = [entry["port"] for entry in ports_of(service)] if service else []
    if url.port not in ports:
        has = f"has no port {url.port}, only {ports}" if service else "does not exist"
        raise Deviation(snapshot, f"{address}: the service {url.hostname} {has}", "a service on that port", _ADVICE)
