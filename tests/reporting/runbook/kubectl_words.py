"""What the pinned kubectl understands.

``python -m tests.reporting.runbook.kubectl_words KUBECTL`` records it from its help.

Recorded are the subcommands that the project types anywhere, each with its flags: ``-n,--namespace=`` takes a value,
``-A,--all-namespaces`` takes none.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RECORD: Final = Path(__file__).with_name("kubectl.json")
SUBCOMMANDS: Final = (
    *("get", "describe", "logs", "exec", "cp", "port-forward", "delete", "scale", "label", "taint", "cordon"),
    *("uncordon", "apply", "diff", "replace", "patch", "edit", "set resources"),
    *("top pods", "top nodes", "auth can-i", "config use-context"),
    *(f"rollout {verb}" for verb in ("history", "pause", "restart", "resume", "status", "undo")),
)
_FLAG: Final = re.compile(r"^ {4}((?:-\w, )?--[\w-]+)=(.*):$", re.MULTILINE)
_VERSION: Final = re.compile(r"v(\d+\.\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Words:
    """One kubectl: its version and, for each subcommand, its flags; ``""`` has those that all of them take."""

    version: str
    flags: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, path: Path = RECORD) -> Words:
        raw = json.loads(path.read_text())
        return cls(raw["version"], {name: tuple(flags) for name, flags in raw["flags"].items()})

    @classmethod
    def ask(cls, kubectl: str) -> Words:
        """As this program says it."""
        version = _VERSION.search(_said(kubectl, "version", "--client"))
        assert version is not None
        flags = {name: tuple(_flags(_said(kubectl, *name.split(), "--help"))) for name in SUBCOMMANDS}
        return cls(version[1], flags | {"": tuple(_flags(_said(kubectl, "options")))})

    def flaws(self, command: str) -> list[str]:
        """What kubectl would not understand, of every kubectl in a pipeline."""
        text = re.sub(r"[<{](\w+)[>}]", r"\1", command)
        words = shlex.shlex(text, posix=True, punctuation_chars="|")
        words.whitespace_split = True
        parts: list[list[str]] = [[]]
        for word in words:
            if word == "|":
                parts.append([])
            else:
                parts[-1].append(word)
        return [flaw for part in parts if part and part[0] == "kubectl" for flaw in self._flaws(part[1:])]

    def _flaws(self, words: list[str]) -> Iterator[str]:
        own = words[: words.index("--")] if "--" in words else words
        lead = self._without_global(own)
        name = next((name for name in (" ".join(lead[:2]), lead[0] if lead else "") if name in self.flags and name), "")
        if not name:
            yield f"there is no kubectl {' '.join(lead[:2])}"
            return
        if "--" in words and name != "exec":
            yield f"kubectl {name} runs nothing"
        taken = dict(_spellings(self.flags[name])) | dict(_spellings(self.flags[""]))
        for word in own:
            if word.startswith("-"):
                yield from (f"kubectl {name} has no {flag}" for flag in _unknown(word, taken))

    def _without_global(self, words: list[str]) -> list[str]:
        """The words with flags before the subcommand left out."""
        taken = dict(_spellings(self.flags[""]))
        rest = list(words)
        while rest and rest[0].startswith("-"):
            flag = rest.pop(0)
            if "=" not in flag and taken.get(flag) and rest:
                rest.pop(0)
        return rest


def _unknown(word: str, taken: Mapping[str, bool]) -> list[str]:
    if word.startswith("--"):
        flag = word.partition("=")[0]
        return [] if flag in taken else [flag]
    for at, letter in enumerate(word[1:], 1):
        if f"-{letter}" not in taken:
            return [f"-{letter}"]
        if taken[f"-{letter}"] or word[at + 1 : at + 2] == "=":
            break  # what follows is its value
    return []


def _spellings(flags: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Each way to write a flag, and whether it takes a value."""
    for flag in flags:
        for spelling in flag.rstrip("=").split(","):
            yield spelling, flag.endswith("=")


def _flags(text: str) -> list[str]:
    return [
        names.replace(" ", "") + ("" if default in ("true", "false") else "=") for names, default in _FLAG.findall(text)
    ]


def _said(kubectl: str, *words: str) -> str:
    return subprocess.run([kubectl, *words], capture_output=True, text=True, check=True).stdout


def main(kubectl: str) -> None:
    words = Words.ask(kubectl)
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(flags)}" for name, flags in words.flags.items())
    RECORD.write_text(f'{{"version": "{words.version}", "flags": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
