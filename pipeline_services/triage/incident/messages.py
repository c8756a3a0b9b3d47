"""Times and commands as an operator reads and pastes them. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pipeline_services.model import own_cluster
from pipeline_services.model.commands import keeps
from pipeline_services.model.text import duration, utc
from pipeline_services.triage.steps import RESTORE

OWN_ONLY: Final = {
    "make up": "# deploy this environment's manifests again, the way it is done here",
    "make triage": ".venv/bin/python -m pipeline_services.triage --context {context}",
    "make daily": ".venv/bin/pytest -m daily --context {context}",
}
"""Commands that mean the suite's own cluster, and what takes their place where another one is looked at."""
_RESTORED: Final = "puts back what is declared; restarts what that changes"
"""What ``make up`` does, as its name does not say it."""
_DELETES_PODS: Final = re.compile(r"kubectl( --context \S+)? delete pods? ")
_REPLACED: Final = "a new one starts; volumes stay"
_OWN_KUBECTL: Final = 'eval "$(make -s env)"'
_MADE_AGAIN_BY_MAKE_UP: Final = " delete secret "
_RENEWED_BY_ITS_ISSUER: Final = (
    "# its issuer (cert-manager, the CA) renews it; do not delete it: nothing makes a new one"
)
_WORD: Final = re.compile(r"(?:-[a-z] )?(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")
_FRESH: Final = 120.0


def since(at: float | None, seen: float, now: float) -> str:
    """When something began, counted from now, or from the snapshot where that is an old one."""
    if at is None:
        return "not known"
    moment = utc(at) if utc(at)[:10] != utc(seen)[:10] else utc(at)[11:]
    if now - seen > _FRESH:
        return f"{duration(seen - at)} before this snapshot ({moment})"
    return f"{duration(now - at)} ago ({moment})"


def commands(steps: Iterable[str], context: str, restored: str = "") -> list[str]:
    """The commands as they are pasted on the cluster of that context.

    Args:
        restored: what ``make up`` does there; empty: what it always does.
    """
    if context == own_cluster.CONTEXT:
        typed = [f"{step} # {restored or _RESTORED}" if step == RESTORE else step for step in steps]
    else:
        typed = [_elsewhere(step).replace("{context}", context or "NAME") for step in steps]
    return _once_saved(typed)


def _once_saved(steps: Sequence[str]) -> list[str]:
    """What follows a step that saves something is typed in one with it, so that nothing is done where that fails; and
    of a pod that is deleted without, what takes its place is said."""
    typed, saved = list[str](), False
    for step in steps:
        if saved and not step.startswith("#"):
            typed[-1] += f" && {step}"
        else:
            typed.append(f"{step} # {_REPLACED}" if _DELETES_PODS.match(step) else step)
        saved = saved or keeps(step)
    return typed


def _elsewhere(step: str) -> str:
    if _MADE_AGAIN_BY_MAKE_UP in step:
        return _RENEWED_BY_ITS_ISSUER
    return OWN_ONLY.get(step, step)


def kubeconfig_hint(context: str) -> str:
    """What has to be typed once so that kubectl knows the suite's own cluster; others it knows by their context."""
    return _OWN_KUBECTL if context == own_cluster.CONTEXT else ""


def triage_command(options: Mapping[str, object], *more: str) -> str:
    """The command that asks triage about what a run was about: with the options that were given to that run.

    Args:
        options: name (``--context``) to value; those without a value were not given.
        more: further arguments, such as ``--watch``.
    """
    given = [word for name, value in options.items() if value for word in (name, str(value))]
    arguments = shlex.join([*given, *more])
    return f"make triage ARGS={shlex.quote(arguments)}" if arguments else "make triage"


def pasted(command: str, width: int, indent: str) -> list[str]:
    """A command on as many lines as it needs; every line but the last ends so that the shell reads on.

    No line ends within quotes, where the shell would take the end for a part of the text, nor between ``-n`` and its
    value, nor within a comment, which the shell does not read on.
    """
    lines, line = [], indent
    typed, mark, comment = command.partition(" # ")
    for word in [*_WORD.findall(typed), *([f"# {comment}"] if mark else [])]:
        if len(line) + len(word) + 2 > width and line.strip():
            lines.append(f"{line.rstrip()} \\")
            line = f"{indent}    "
        line += f"{word} "
    return [*lines, line.rstrip()]
