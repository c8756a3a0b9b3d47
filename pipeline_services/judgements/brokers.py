"""What the brokers were told at run time, and who takes readings away from the processors (sections 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.ownership import owners
from pipeline_services.judgements.partitions import standing_still
from pipeline_services.judgements.pods import require_ready
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_BROKERS, DESCRIBE_GROUP, DESCRIBE_TOPIC
from pipeline_services.model.k8s import K8sObject, addresses_of, name_of
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.objects import labelled_pods, named
from pipeline_services.snapshot.snapshot import Snapshot

_BY_ITSELF: Final = frozenset({"min.insync.replicas"})
"""Where brokers remember which replicas may lead, the controller sets it by their file; the topics' checks judge it."""
OFFSETS: Final = "__consumer_offsets"
COMPACTED: Final = ("cleanup.policy", "compact")
_MADE_WITH: Final = frozenset({"segment.bytes", "compression.type"})
"""What brokers give the topic of the offsets when they make it, by their file; and that the last of each stays."""
_FILE: Final = "server.properties"
_AT_START: Final = "kafka_at_start"
_GONE: Final = "a client that is gone"
_LOOPBACK: Final = ("127.0.0.1", "::1", "0:0:0:0:0:0:0:1")


def are_set_as_declared(snapshot: Snapshot) -> None:
    """The brokers work by their file alone: nobody has set anything at run time, which no manifest shows, nor of the
    topic in which they keep the committed offsets."""
    require_ready(snapshot, roles.KAFKA)
    for one in set_at_run_time(snapshot):
        advice = advice_about(roles.KAFKA).but(
            impact="it overrides the brokers' file for all topics and clients, also after a restart",
            next_command=DESCRIBE_BROKERS,
            level="L2",
        )
        raise Deviation(snapshot, said(one), "nothing set at run time", advice)
    for one in of_another_file(snapshot):
        advice = advice_about(roles.KAFKA).but(
            impact="it works otherwise than what was tested, and than it will from its next start on",
            next_command="kubectl rollout restart {workload:kafka} -n {namespace}",
            level="L2",
        )
        raise Deviation(snapshot, started_with(one), "its file as it is now", advice)
    for key, value in offsets_set_otherwise(snapshot).items():
        advice = advice_about(roles.KAFKA).but(
            impact="committed offsets may be deleted: readings are then stored again, or passed over",
            next_command=DESCRIBE_TOPIC.replace("{topic}", OFFSETS),
            level="L2",
        )
        raise Deviation(snapshot, f"{key} of topic {OFFSETS} is {value}", "as the brokers made it", advice)


def offsets_set_otherwise(snapshot: Snapshot) -> dict[str, str]:
    """What somebody set of the topic of the offsets; none where the snapshot does not have that topic.

    Raises:
        PipelineError: the brokers did not say what is in force for topics.
    """
    found: Mapping[str, Mapping[str, Any]] = snapshot.data("kafka_settings").get(OFFSETS) or {}
    own = {key: str(known["value"]) for key, known in found.items() if known["own"] and key not in _MADE_WITH}
    return {key: value for key, value in own.items() if (key, value) != COMPACTED}


def set_at_run_time(snapshot: Snapshot) -> list[dict[str, str]]:
    """What somebody set; what Kafka sets by itself is left out."""
    return [one for one in snapshot.data("kafka_brokers") if one["key"] not in _BY_ITSELF]


def of_another_file(snapshot: Snapshot) -> list[dict[str, str]]:
    """What a broker has from its file as it was when it started, and that the file, which is as declared, does not say:
    the file was another then, and was put right without a restart. ``file`` is what it says now.

    Nothing where no file is declared, and of a snapshot whose suite did not ask for it. Of a time that is set at run
    time in one unit, brokers tell no more what the file says of it in another.
    """
    file = _settings_of(_file_as_declared(snapshot)) if snapshot.asked(_AT_START) else {}
    hidden = {_without_unit(one["key"]) for one in (snapshot.data("kafka_brokers") if file else ())}
    return [
        {**one, "file": file[one["key"]]}
        for one in (snapshot.data(_AT_START) if file else ())
        if one["key"] in file
        and _without_unit(one["key"]) not in hidden
        and _parts(one["value"]) != _parts(file[one["key"]])
    ]


def _without_unit(key: str) -> str:
    """What a setting is about: ``log.retention`` of ``log.retention.ms``."""
    return key.rpartition(".")[0]


def started_with(setting: Mapping[str, str]) -> str:
    """A setting of another file in words."""
    return "broker {broker} was started with {key}={value}, and its file says {file} now".format(**setting)


def _file_as_declared(snapshot: Snapshot) -> str:
    """The brokers' file, where one is declared and the live one is the same: else that is told by itself."""
    declared: list[K8sObject] = snapshot.data("declared") if snapshot.pipeline.manifests else []
    for item, owner in zip(declared, snapshot.derive(owners) if declared else (), strict=True):
        text = (item.get("data") or {}).get(_FILE)
        if text and item["kind"] == "ConfigMap" and owner == roles.KAFKA:
            live = named(snapshot, "configmaps", name_of(item)) or {}
            return str(text) if (live.get("data") or {}).get(_FILE) == text else ""
    return ""


def _settings_of(file: str) -> dict[str, str]:
    """The settings of a file of properties; those that are filled in when a broker starts are left out."""
    lines = [line.partition("=") for line in map(str.strip, file.splitlines()) if line[:1] not in ("#", "!")]
    return {key.strip(): value.strip() for key, mark, value in lines if mark and not set("$\\") & set(value)}


def _parts(value: str) -> list[str | float]:
    """A value as brokers read it: a list by its entries, a number however it is written."""
    return [_number(part.strip()) for part in value.split(",")]


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def said(setting: Mapping[str, Any]) -> str:
    """A setting in words."""
    whom = f"broker {setting['broker']}" if setting["broker"] else "every broker"
    return f"{setting['key']}={setting['value']} was set at run time for {whom}"


def only_processors_are_members(snapshot: Snapshot) -> None:
    """No one else is in the processors' group: whoever is, takes readings that are not stored.

    An address that belongs to nobody may be that of a processor that has just gone: then its partitions are not left
    alone for longer than a rebalance takes.
    """
    require_ready(snapshot, roles.KAFKA)
    for who, count in strangers(snapshot).items():
        advice = advice_about(roles.PROCESSOR).but(
            impact="the readings of those partitions are not stored; where it commits them, they are lost",
            next_command=DESCRIBE_GROUP,
            level="L2",
        )
        has = f"holds {count} partitions, which nobody reads" if who.startswith(_GONE) else f"reads {count} partitions"
        observed = f"{who} is in the group {snapshot.pipeline.topics.group} and {has}"
        raise Deviation(snapshot, observed, "processors only", advice)


def strangers(snapshot: Snapshot) -> dict[str, int]:
    """The members of the group that are no processors, in words, and how many partitions each reads.

    Raises:
        PipelineError: an address is nobody's, and the offsets were not read.
    """
    own = {name_of(pod) for pod in labelled_pods(snapshot, roles.PROCESSOR)}
    pods = {address: name_of(pod) for pod in snapshot.data("pods") for address in addresses_of(pod)}
    readings, found = snapshot.pipeline.topics.readings, dict[str, int]()
    for member in snapshot.data("kafka_group")["members"]:
        host, count = member["host"], len(member["partitions"])
        held = {
            int(number)
            for topic, _, number in (one.rpartition("/") for one in member["partitions"])
            if topic == readings
        }
        if count and host in _LOOPBACK:
            found["a client in the broker's own pod, or on a forwarded port,"] = count
        elif count and pods.get(host, "") not in {"", *own}:
            found[f"pod {pods[host]}"] = count
        elif count and host not in pods and _sees_pods(snapshot) and held & snapshot.derive(_unread):
            found[f"{_GONE}, from {host},"] = count
    return found


def _sees_pods(snapshot: Snapshot) -> bool:
    """Whether the brokers see clients by the pods' own addresses: outside the cluster they see a node's, or NAT's."""
    return not snapshot.pipeline[roles.KAFKA].address


def _unread(snapshot: Snapshot) -> frozenset[int]:
    return frozenset(standing_still(snapshot))
