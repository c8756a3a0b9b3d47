"""What containers have logged, as people read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from pipeline_services.model.component import Component
from pipeline_services.model.k8s import K8sObject, name_of
from pipeline_services.triage.evidence import Evidence

_WORRY: Final = (
    r"(?i)error|fail|refused|denied|timed? ?out|no such|not found|cannot|invalid|exception|no space|unauthorized"
)
_OF_INFLUXDB: Final = re.compile(r'\{"code":"[^"]*","message":"((?:[^"\\]|\\.)*)"\}')


def last_log_lines(evidence: Evidence, part: Component, pod: K8sObject, container: str) -> list[str]:
    """The last lines that the container logged before it ended, those that look like errors first."""
    lines: list[str] = []
    for tail in evidence.data(f"logs/{part.id}") or []:
        if tail["pod"] == name_of(pod) and tail["container"] == container:
            lines = [entry.partition(" ")[2] for entry in (tail.get("previous") or tail["lines"])]
    worrying = [line for line in lines if re.search(_WORRY, line)]
    return [message_of(line) for line in (worrying or lines)[-2:]]


def logged(lines: Iterable[str]) -> Iterator[str]:
    """Lines of a log as evidence."""
    return (f"log: {message_of(line)}" for line in lines)


def message_of(line: str) -> str:
    """What a line of a log says, without what only programs read in it."""
    try:
        said = json.loads(line)
        message = said["message"] if "message" in said else said["msg"]
        error = f": {said['error']}" if said.get("error") else ""
        text = _OF_INFLUXDB.sub(r"\1", f"{message}{error}")
        return f"{said['level']}: {text}"
    except (ValueError, TypeError, KeyError):
        return line
