"""Two trees of JSON compared as Kubernetes means them: what the API server fills in by itself is no difference."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.k8s import quantity

_LONGEST: Final = 44
"""Characters of a value that are shown, so that both fit in a title of two rows."""
_BEGINNING: Final = 24
_KEYS: Final = ("name", "mountPath", "containerPort", "ip", "job_name", "title")
"""What the entries of a list are told apart by."""
_MARKS: Final = " ,=/.:"
"""What the parts of a text are told apart by."""
_FILLED_IN: Final = frozenset(
    {
        *("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "serviceAccount", "creationTimestamp"),
        *("imagePullPolicy", "nodePort", "storageClassName", "volumeMode", "volumeName"),
    }
)
"""Fields of which the API server, or a controller, chooses the value where nobody does."""
_HEADLESS: Final = "None"
"""What it never chooses for a Service's address; once that is declared it fills in the list of them."""
_ROLLING: Final[Mapping[str, Any]] = MappingProxyType({"maxSurge": "25%", "maxUnavailable": "25%"})
_SCALING: Final = {"type": "Percent", "value": 100, "periodSeconds": 15}
_DEFAULTS: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "apiVersion": ("v1",),
        "defaultMode": (420,),
        "dnsPolicy": ("ClusterFirst",),
        "enableServiceLinks": (True,),
        "failureThreshold": (3,),
        "internalTrafficPolicy": ("Cluster",),
        "minReplicas": (1,),
        "partition": (0,),
        "path": ("/",),
        "periodSeconds": (10,),
        "persistentVolumeClaimRetentionPolicy": ({"whenDeleted": "Retain", "whenScaled": "Retain"},),
        "podManagementPolicy": ("OrderedReady",),
        "policies": ([_SCALING], [{"type": "Pods", "value": 4, "periodSeconds": 15}, _SCALING]),
        "progressDeadlineSeconds": (600,),
        "protocol": ("TCP",),
        "restartPolicy": ("Always",),
        "revisionHistoryLimit": (10,),
        "rollingUpdate": (dict(_ROLLING), {"partition": 0}, {"maxSurge": 0, "maxUnavailable": 1}),
        "schedulerName": ("default-scheduler",),
        "scheme": ("HTTP",),
        "selectPolicy": ("Max",),
        "sessionAffinity": ("None",),
        "strategy": ({"type": "RollingUpdate", "rollingUpdate": dict(_ROLLING)},),
        "successThreshold": (1,),
        "terminationGracePeriodSeconds": (30,),
        "terminationMessagePath": ("/dev/termination-log",),
        "terminationMessagePolicy": ("File",),
        "timeoutSeconds": (1,),
        "type": ("", "ClusterIP", "RollingUpdate"),
        "updateStrategy": (
            {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        ),
    }
)
"""What stands in a live object where the manifest says nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which the live object is not what was declared; None: there is nothing on that side."""

    path: str
    live: Any
    declared: Any

    def __str__(self) -> str:
        if _is_nothing(self.declared):
            return f"{self.path} is {_cut(_shown(self.live))}, which is not declared"
        if _is_nothing(self.live):
            return f"{self.path} is not set, declared: {_cut(_shown(self.declared))}"
        live, declared = _shown(self.live), _shown(self.declared)
        if isinstance(self.live, str) and isinstance(self.declared, str):
            live, declared = _where_they_differ(live, declared)
        return f"{self.path} is {_cut(live)}, declared: {_cut(declared)}"


def differences(declared: Any, live: Any, path: str = "") -> Iterator[Difference]:
    """Everything in which a live object is not the declared one, in the order of the declared one."""
    if declared == live:  # as most parts of most objects are: their fields are not gone through one by one
        return
    if isinstance(declared, dict) and isinstance(live, dict):
        yield from _of_mappings(declared, live, path)
    elif isinstance(declared, list) and isinstance(live, list):
        yield from _of_lists(declared, live, path)
    elif not _same(declared, live):
        yield Difference(path, live, declared)


def _of_mappings(declared: Mapping[str, Any], live: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for key, value in declared.items():
        yield from differences(value, live.get(key), _joined(path, key))
    for key, value in live.items():
        if key not in declared and not _is_filled_in(key, value):
            yield Difference(_joined(path, key), value, None)


def _of_lists(declared: Sequence[Any], live: Sequence[Any], path: str) -> Iterator[Difference]:
    key = next((key for key in _KEYS if _all_have(key, declared) and _all_have(key, live)), None)
    if key is None:
        if _same_entries(declared, live):
            return
        if not any(isinstance(entry, dict) for entry in (*declared, *live)):
            yield from _of_words(declared, live, path)
            return
        if len(declared) != len(live):
            yield Difference(path, live, declared)
            return
        for number, (one, other) in enumerate(zip(declared, live, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
        return
    # of several of one name the last counts
    wanted, there = ({entry[key]: entry for entry in side} for side in (declared, live))
    counts = Counter(entry[key] for entry in live)
    for name, count in counts.items():
        if count > 1:
            entries, same = ([entry for entry in side if entry[key] == name] for side in (live, declared))
            values = ", then ".join(_shown(entry.get("value", entry.get("valueFrom"))) for entry in entries)
            if entries != same:
                often = f"set {count} times: {values} (the last counts)"
                yield Difference(f"{path}[{name}]", often, "once" if same else None)
    for name in {**wanted, **{name: None for name, count in counts.items() if count == 1}}:
        yield from differences(wanted.get(name), there.get(name), f"{path}[{name}]")


def _of_words(declared: Sequence[Any], live: Sequence[Any], path: str) -> Iterator[Difference]:
    """Of a command the one word that differs; of several, or of more or fewer, those that are not the same in both."""
    places = [at for at, (one, other) in enumerate(zip(declared, live, strict=False)) if not _same(one, other)]
    if len(declared) == len(live) and len(places) <= 1:
        for at in places:
            yield Difference(f"{path}[{at}]", live[at], declared[at])
        return
    added, gone = ([one for one in side if one not in other] for side, other in ((live, declared), (declared, live)))
    if max(len(added), len(gone)) < min(len(declared), len(live)) and (added or gone):
        yield Difference(path, ["...", *added], ["...", *gone])
    else:
        yield Difference(path, live, declared)


def _same_entries(declared: Sequence[Any], live: Sequence[Any]) -> bool:
    """Whether two lists of objects, as a policy's peers, differ in their order at most; words of a command have one."""
    if declared == live:
        return True
    if not all(isinstance(entry, dict) for entry in (*declared, *live)):
        return False
    ordered = [sorted(json.dumps(entry, sort_keys=True) for entry in side) for side in (declared, live)]
    return ordered[0] == ordered[1]


def _all_have(key: str, entries: Sequence[Any]) -> bool:
    return bool(entries) and all(isinstance(entry, dict) and key in entry for entry in entries)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_filled_in(key: str, value: Any) -> bool:
    return (key in _FILLED_IN and value != _HEADLESS) or _is_nothing(value) or value in _DEFAULTS.get(key, ())


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)


def _same(declared: Any, live: Any) -> bool:
    if _is_nothing(declared) and _is_nothing(live):
        return True
    if type(declared) is bool or type(live) is bool or declared is None or live is None:
        return bool(declared == live)
    return str(declared) == str(live) or _amount(declared) == _amount(live)


def _amount(value: Any) -> Any:
    """A quantity as a number, so that ``500m`` is ``0.5``; anything else as it is."""
    if not isinstance(value, str | int | float):
        return value
    try:
        return quantity(value)
    except UnexpectedAnswer:
        return value


def _shown(value: Any) -> str:
    """A value in a few words: a list that is long by its entries' names or their number, an object by its fields."""
    if _is_nothing(value):
        return "nothing"
    text = json.dumps(value).replace('"', "") if isinstance(value, dict | list) else str(value)
    if len(text) <= _LONGEST or not isinstance(value, dict | list):
        return " ".join(text.split())
    if isinstance(value, dict):
        return f"{{{', '.join(value)}}}"
    if _all_have("name", value):
        return f"[{', '.join(str(entry['name']) for entry in value)}]"
    if isinstance(value[0], dict):
        return "1 entry" if len(value) == 1 else f"{len(value)} entries"
    return text


def _where_they_differ(live: str, declared: str) -> tuple[str, str]:
    """Two texts without most of what is the same at their beginning and end, where not both fit as they are."""
    if max(len(live), len(declared)) <= _LONGEST:
        return live, declared
    begin = _same_beginning(live, declared)
    end = min(_same_beginning(live[::-1], declared[::-1]), len(live) - begin, len(declared) - begin)
    parts = [text[begin : len(text) - end] + ("..." if end else "") for text in (live, declared)]
    known = live[: begin if begin <= _BEGINNING else _last_mark(live[:_BEGINNING]) + 1]
    between = "..." if len(known) < begin else ""
    return f"{known}{between}{parts[0]}", f"{'...' if begin else ''}{parts[1]}"


def _same_beginning(one: str, other: str) -> int:
    """Characters in which two texts begin alike, up to the part in which they differ."""
    alike = (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return max(0, _last_mark(one[: next(alike, min(len(one), len(other)))]))


def _last_mark(text: str) -> int:
    """Where the last character stands that parts of a text are told apart by; -1 where there is none."""
    return max(text.rfind(mark) for mark in _MARKS)


def _cut(text: str) -> str:
    """A text no longer than a line takes."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
