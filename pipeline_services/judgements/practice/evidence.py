"""The lines that show a bad practice, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    Setting,
    command_lines_of,
    containers_of,
    data_of,
    files_of,
    name_of,
    template_of,
    variables_of,
)
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.objects import workload_of
from pipeline_services.snapshot.snapshot import Snapshot

ANCHOR: Final = "good-practice"
_SHOWN: Final = 3
_LONGEST: Final = 120
_COMMENTS: Final = ("#", "//", ";")


@dataclass(frozen=True, slots=True)
class Practice:
    """A bad practice.

    Attributes:
        what: is wrong, before the lines that show it. instead: what to set. impact: what it leads to.
    """

    what: str
    instead: str
    impact: str


def require_none(
    snapshot: Snapshot, about: str | Component, practice: Practice, lines: Iterable[str], command: str = ""
) -> None:
    """The practice is not met with: no line shows it.

    Args:
        about: the component, or the part whose template it is set in, which is what is shown next.
    """
    found = list(dict.fromkeys(lines))
    if found:
        component = about if isinstance(about, str) else about.reports_to
        if isinstance(about, Component):
            command = f"kubectl get {about.kubectl_name} -n {{namespace}} -o yaml"
        more = [f"{len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        shown = "; ".join([*found[:_SHOWN], *more])
        advice = advice_about(component).but(impact=practice.impact, next_command=command, runbook=ANCHOR, level="L2")
        raise Deviation(snapshot, f"{practice.what}: {shown}", practice.instead, advice)


def containers(snapshot: Snapshot, app: str) -> Sequence[K8sObject]:
    """The containers of the app's template. Raises PreconditionNotMet where there is no such workload."""
    return containers_of(template_of(workload_of(snapshot, app)))


def shows(part: Component, container: K8sObject, field: str, value: Any) -> str:
    """A line of a template: ``deployment/producer, container producer: image = "x:latest"``."""
    text = json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"{part.kubectl_name}, container {container['name']}: {field} = {cut}"


def told(snapshot: Snapshot, app: str) -> Iterator[Setting]:
    """Every line that the app's containers are told: ``NAME=value``, lines of files, command lines; no comment."""
    maps = {name_of(item): data_of(item) for item in snapshot.data("configmaps")}
    template = template_of(workload_of(snapshot, app))
    for one in variables_of(template, maps):
        yield Setting(one.name, f"{one.name}={one.value}", one.by)
    for one in files_of(template, maps):
        for line in one.value.splitlines():
            if line.strip() and not line.strip().startswith(_COMMENTS):
                yield Setting(one.name, line.strip(), one.by)
    yield from command_lines_of(template)


def line_of(setting: Setting) -> str:
    """The line and where it stands."""
    cut = setting.value if len(setting.value) <= _LONGEST else f"{setting.value[:_LONGEST]}…"
    return f"{cut} ({setting.by})"
