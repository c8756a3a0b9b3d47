"""A profile held against its cluster: what says something else, what is not there, what nobody describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.discover.facts import Fact, How
from pipeline_services.discover.namespace import Workload
from pipeline_services.discover.outside import NOBODY
from pipeline_services.discover.profile import Discovered, discovered
from pipeline_services.discover.toml_text import value
from pipeline_services.model.k8s import name_of
from pipeline_services.model.kinds import KINDS, Kind
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.toml_table import table_of
from pipeline_services.snapshot.snapshot import Snapshot

_OWN: Final = ("name", "manifests", "cluster", "flows")
"""What is a matter of the profile alone, or is compared as a whole."""

_NEEDED: Final = {
    "topics": ("readings", "group"),
    "store": ("org", "bucket", "measurement"),
    "config": ("write_token", "read_token"),
    "message": ("time",),
}
"""What says nothing by being empty."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in the profile, and what is different there."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def differences(snapshot: Snapshot, profile: Pipeline) -> list[Difference]:
    """Where the profile and the cluster differ. How anything is doing makes no difference.

    Raises:
        PipelineError: the workloads of the namespace could not be read.
    """
    known = {part.id: (part.kind, part.workload) for part in profile.workloads.values()}
    there = discovered(snapshot, known)
    return [
        *_missing(snapshot, profile),
        *_other(there, profile),
        *_flows(there, profile),
        *(Difference("drift", f"no role claims {one}") for one in _drifting(there, profile)),
        *_to_fill_in(profile.document()),
    ]


def _missing(snapshot: Snapshot, profile: Pipeline) -> Iterator[Difference]:
    """The objects that the profile names and that are not there, as far as their list could be read."""
    for place, kind, name in _named(profile):
        items = snapshot.answers.get(kind.source)
        if items is not None and name not in {_name(one) for one in items}:
            yield Difference(place, f"there is no {kind} {name}")
    topics = snapshot.answers.get("kafka_topics")
    for key, topic in (("readings", profile.topics.readings), ("dead_letters", profile.topics.dead_letters)):
        if topics is not None and topic and topic not in topics:
            yield Difference(f"topics.{key}", f"there is no topic {topic}")


def _named(profile: Pipeline) -> Iterator[tuple[str, Kind, str]]:
    """Every object that the profile names: where, its kind, its name."""
    for part in profile.workloads.values():
        named = {
            "workload": (part.kind, part.workload),
            "service": ("Service", part.service.name if part.service else ""),
            "headless": ("Service", part.headless),
            "volume": ("PersistentVolumeClaim", part.volume),
            "autoscaler": ("HorizontalPodAutoscaler", part.autoscaler.name if part.autoscaler else ""),
        }
        yield from ((f"components.{part.id}.{key}", KINDS[kind], name) for key, (kind, name) in named.items() if name)
    if profile.config.config_map:
        yield "config.config_map", KINDS["ConfigMap"], profile.config.config_map
    for name in profile.config.config_maps:
        yield f"config.config_maps.{name}", KINDS["ConfigMap"], name
    yield from ((f"config.secrets.{name}", KINDS["Secret"], name) for name in profile.config.secrets)


def _name(item: Mapping[str, Any]) -> str:
    """Of an object of the API, or of a Secret as the snapshot has it."""
    return str(item["name"]) if "name" in item else name_of(item)


def _other(there: Discovered, profile: Pipeline) -> Iterator[Difference]:
    """What the cluster says for certain, and the profile otherwise."""
    played = {
        role
        for role, claim in there.claims.items()
        if role in profile.workloads and claim.workload.name == profile[role].workload
    } | {part.id for part in profile.components.values() if part.elsewhere}
    for fact in there.facts:
        component = fact.table[1] if fact.table[:1] == ("components",) else ""
        compared = fact.how is How.FOUND and (fact.table[0] if fact.table else fact.key) not in _OWN
        if compared and (not component or component in played):
            said, cluster = _said(profile, fact), f"the cluster {value(fact.value)} ({fact.by})"
            if said is None:
                yield Difference(fact.place, f"the profile says nothing, {cluster}")
            elif _comparable(said) != _comparable(fact.value):
                yield Difference(fact.place, f"the profile says {value(said)}, {cluster}")


def _said(profile: Pipeline, fact: Fact) -> Any:
    """What the profile says there, be it by default; None where it says nothing."""
    found: Any = profile
    for step in map(str, (*fact.table, fact.key)):
        if isinstance(found, Mapping):
            found = found.get(step, found.get(int(step)) if step.isdigit() else None)
        else:
            found = getattr(found, step, None)
    return table_of(found)


def _comparable(of: Any) -> Any:
    """Lists of names say the same in any order."""
    return sorted(map(str, of)) if isinstance(of, list | tuple) else of


def _flows(there: Discovered, profile: Pipeline) -> Iterator[Difference]:
    """Connections that a workload is set up for and that the profile does not allow."""
    allowed = {(one.source, one.destination, one.port) for one in profile.flows}
    found = [one for one in there.facts if one.table[:1] == ("flows",)]
    for table in dict.fromkeys(fact.table for fact in found):
        facts = {fact.key: fact for fact in found if fact.table == table}
        source, destination, port = (facts[key].value for key in ("source", "destination", "port"))
        known = {source, destination} <= profile.components.keys()
        if facts["source"].how is How.FOUND and known and (source, destination, port) not in allowed:
            yield Difference("flows", f"none from {source} to {destination}:{port} ({facts['source'].by})")


def _drifting(there: Discovered, profile: Pipeline) -> list[Workload]:
    """The workloads that the profile names for no role, whatever role discovery would give them."""
    described = {(part.kind, part.workload) for part in profile.workloads.values()}
    claimed = [claim.workload for claim in there.claims.values()]
    return [one for one in (*claimed, *there.unclaimed) if (one.kind, one.name) not in described]


def _to_fill_in(document: Mapping[str, Any]) -> Iterator[Difference]:
    """What a discovered profile left open and nobody has filled in since."""
    for name, part in document["components"].items():
        if part.get("contact") == NOBODY:
            yield Difference(f"components.{name}.contact", "is still to be filled in")
    for table, keys in _NEEDED.items():
        for key in keys:
            if document.get(table, {}).get(key) in ("", {"secret": "", "key": ""}):
                yield Difference(f"{table}.{key}", "is still to be filled in")
