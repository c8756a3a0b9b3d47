"""What the templates of the pods say: probes, limits, images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from pipeline_services.judgements.practice.evidence import Practice, containers, require_none, shows
from pipeline_services.model.k8s import K8sObject, limits_of
from pipeline_services.snapshot.snapshot import Snapshot

PROBES: Final = ("livenessProbe", "readinessProbe")
_ALL_PROBES: Final = (*PROBES, "startupProbe")
_LIMITED: Final = ("cpu", "memory")
_NO_PROBE: Final = Practice(
    "nobody notices when it hangs",
    "a livenessProbe and a readinessProbe that ask the program itself",
    "a pod that hangs stays Ready and is never restarted",
)
_CANNOT_FAIL: Final = Practice(
    "a probe cannot fail",
    "a probe that asks the program: httpGet on its port, or a command that can fail",
    "a pod that hangs stays Ready and is never restarted",
)
_NO_LIMIT: Final = Practice(
    "nothing limits what it uses",
    "resources.limits for cpu and memory",
    "one pod can take the memory or the CPU of the whole node",
)
_NOT_PINNED: Final = Practice(
    "the image's version is not pinned",
    "a tag of a version, or a digest",
    "a restart may bring another version, and a rollback has nothing to go back to",
)
_SHELLS: Final = ("sh", "bash", "ash", "dash")
_HARMLESS: Final = ("true", ":", "echo", "printf", "exit", "date", "pwd")
_PYTHON: Final = re.compile(r"python[\d.]*")
_PYTHON_HARMLESS: Final = re.compile(r"pass|import [\w, ]+|print\(.*\)|(?:sys\.)?exit\(0?\)|quit\(\)")


def probes_are_set(snapshot: Snapshot, app: str) -> None:
    """Each container of the app is asked whether it lives and whether it is ready."""
    _require(snapshot, app, _NO_PROBE, lambda one: [(probe, None) for probe in PROBES if not one.get(probe)])


def probes_can_fail(snapshot: Snapshot, app: str) -> None:
    """No probe of the app runs a command that succeeds whatever happens."""
    _require(
        snapshot,
        app,
        _CANNOT_FAIL,
        lambda one: [(f"{probe}.exec.command", command) for probe, command in _commands(one) if cannot_fail(command)],
    )


def limits_are_set(snapshot: Snapshot, app: str) -> None:
    """Each container of the app has limits for CPU and memory."""
    _require(
        snapshot,
        app,
        _NO_LIMIT,
        lambda one: [(f"resources.limits.{what}", None) for what in _LIMITED if what not in limits_of(one)],
    )


def images_are_pinned(snapshot: Snapshot, app: str) -> None:
    """Each image of the app names its version by a tag other than ``latest``, or by a digest."""
    _require(snapshot, app, _NOT_PINNED, lambda one: [] if is_pinned(str(one["image"])) else [("image", one["image"])])


def _require(
    snapshot: Snapshot, app: str, practice: Practice, bad: Callable[[K8sObject], Iterable[tuple[str, Any]]]
) -> None:
    """No container of the app has fields that are ``bad``."""
    part = snapshot.pipeline[app]
    lines = [shows(part, one, *found) for one in containers(snapshot, app) for found in bad(one)]
    require_none(snapshot, part, practice, lines)


def is_pinned(image: str) -> bool:
    """Whether an image's name says which version it is."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return bool(digest) or tag not in ("", "latest")


def _commands(container: K8sObject) -> Iterator[tuple[str, list[str]]]:
    for probe in _ALL_PROBES:
        command = ((container.get(probe) or {}).get("exec") or {}).get("command")
        if command:
            yield probe, [str(word) for word in command]


def cannot_fail(command: Sequence[str]) -> bool:
    """Whether a command succeeds whatever happens: ``true``, ``sh -c "check || true"``, ``python -c "print(1)"``."""
    program, rest = PurePosixPath(command[0]).name, [*command[1:]]
    if program in _SHELLS and rest[:1] in (["-c"], ["-ec"], ["-lc"]):
        return _script_cannot_fail(rest[1] if len(rest) > 1 else "")
    if _PYTHON.fullmatch(program) and rest[:1] == ["-c"]:
        statements = [one.strip() for one in re.split(r"[;\n]", rest[1] if len(rest) > 1 else "")]
        return all(not one or _PYTHON_HARMLESS.fullmatch(one) for one in statements)
    return _is_harmless([program, *rest])


def _script_cannot_fail(script: str) -> bool:
    """What a shell's last statement ends with is what the script ends with."""
    statements = [one.strip() for one in re.split(r"[;\n]", script) if one.strip()]
    last = statements[-1] if statements else "true"
    if "||" in last:
        return _is_harmless(last.rpartition("||")[2].split())
    return all(_is_harmless(one.split()) for one in last.split("&&"))


def _is_harmless(words: Sequence[str]) -> bool:
    if not words:
        return True
    ends_badly = words[0] == "exit" and words[1:2] not in ([], ["0"])
    return PurePosixPath(words[0]).name in _HARMLESS and not ends_badly
