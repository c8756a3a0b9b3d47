"""Times, spans and commands as an operator reads and pastes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from pipeline_services.model import own_cluster

OWN_ONLY: Final = {
    "make up": "# deploy this environment's manifests again, the way it is done here",
    "make triage": ".venv/bin/python -m pipeline_services.triage --context {context}",
    "make daily": ".venv/bin/pytest -m daily --context {context}",
}
"""Commands that mean the suite's own cluster, and what takes their place where another one is looked at."""
_MADE_AGAIN_BY_MAKE_UP: Final = ("kubectl", "delete", "secret")
_RENEWED_BY_ITS_ISSUER: Final = (
    "# its issuer (cert-manager, the CA) renews it; do not delete it: nothing makes a new one"
)
_FRESH: Final = 120.0
_DAY: Final = 86400.0


def utc(at: float) -> str:
    """A moment to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def file_time(at: float) -> str:
    """A moment as part of a file's name, in an order that sorts."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def span(seconds: float) -> str:
    """How long, in the largest units that say enough."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    if whole < 2 * _DAY:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{round(whole / _DAY)} days"


def since(at: float | None, seen: float, now: float) -> str:
    """When something began, counted from now, or from the snapshot where that is an old one."""
    if at is None:
        return "not known"
    moment = utc(at) if utc(at)[:10] != utc(seen)[:10] else utc(at)[11:]
    if now - seen > _FRESH:
        return f"{span(seen - at)} before this snapshot ({moment})"
    return f"{span(now - at)} ago ({moment})"


def commands(steps: Iterable[str], context: str) -> list[str]:
    """The commands as they are pasted on the cluster of that context."""
    if context == own_cluster.CONTEXT:
        return list(steps)
    return [_elsewhere(step).replace("{context}", context or "NAME") for step in steps]


def _elsewhere(step: str) -> str:
    if tuple(step.split()[:3]) == _MADE_AGAIN_BY_MAKE_UP:
        return _RENEWED_BY_ITS_ISSUER
    return OWN_ONLY.get(step, step)


def kubeconfig_hint(context: str) -> str:
    """What has to be typed once so that kubectl means the cluster that was looked at."""
    if context == own_cluster.CONTEXT:
        return "export KUBECONFIG=$(make -s kubeconfig)"
    return f"kubectl config use-context {context}" if context else ""


def pasted(command: str, width: int, indent: str) -> list[str]:
    """A command on as many lines as it needs; every line but the last ends so that the shell reads on."""
    lines, line = [], indent
    for word in command.split(" "):
        if len(line) + len(word) + 2 > width and line.strip():
            lines.append(f"{line.rstrip()} \\")
            line = f"{indent}    "
        line += f"{word} "
    return [*lines, line.rstrip()]


def plural(count: int, one: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
