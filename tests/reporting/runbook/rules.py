"""What has to hold of the runbook's text, each rule as a function from a text to what is wrong with it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache

from pipeline_services.reporting.runbook import commands, generated, proved, runbook
from tests.reporting.runbook.kubectl_words import Words
from tests.reporting.samples import ROOT

WORDS = Words.load()
PARTS = ("Meaning", "Impact", "Symptoms", "Diagnosis", "Mitigation", "Recovered when", "Escalate", "Proved by")
TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PLACES = (
    *("-n conveyor-pipeline", "-n conveyor-nightly", "-n kube-system", "-n kube-node-lease"),
    *(" namespace ", "nodes", " node ", "cordon ", "storageclass", "persistentvolume ", " -k "),
)
_SAVES = re.compile(r"kubectl get (\S+) -n \S+ (\S+) -o yaml > \S+\.saved\.yaml$")
_DELETES = re.compile(r"kubectl delete (?!pods? )(\S+) -n \S+ (\S+)")
CHANGING = re.compile(
    r"kubectl (delete|scale|apply|replace|patch|edit|set|create|label|annotate|cordon|uncordon|drain|taint"
    r"|rollout (restart|undo|pause|resume)) "
)


def missing_sections(text: str, named: Mapping[str, str]) -> list[str]:
    """Anchors that somebody names and that there are not; ``named`` has who names them."""
    there = runbook.sections(text)
    return [f"{who} names #{anchor}" for anchor, who in named.items() if anchor not in there]


def broken_links(text: str) -> list[str]:
    """Links within the page that lead nowhere."""
    return sorted(set(re.findall(r"\]\(#([^)]+)\)", text)) - set(runbook.sections(text)))


def broken_commands(text: str) -> list[str]:
    """Commands that could not be pasted: no shell reads them, or no program understands them."""
    found = commands.commands(text)
    undos = [command.undo for command in found if command.undo.startswith(commands.PROGRAMS)]
    texts = dict.fromkeys([*(command.text for command in found), *undos])
    return [f"{one}: {flaw}" for one in texts for flaw in flaws(one)]


@cache
def flaws(command: str) -> list[str]:
    """What is wrong with one command. A text with one thing made wrong has all its other commands as they were."""
    filled = re.sub(r"<(\w+)>", r"\1", command)
    syntax = subprocess.run(["bash", "-n", "-c", filled], capture_output=True, text=True, check=False)
    if syntax.returncode:
        return [syntax.stderr.strip()]
    words = command.split()
    if words[0] == "make":
        return [f"no make {words[1]}"] if words[1] not in TARGETS else []
    if command.startswith("python -m "):
        return [] if importlib.util.find_spec(words[2]) else [f"no module {words[2]}"]
    if words[0] == "kubectl":
        astray = [] if any(place in command for place in PLACES) else ["it names no namespace"]
        return [*WORDS.flaws(command), *astray]
    return [] if words[0] in {"export", "pytest"} else [f"what is {words[0]}?"]


def unmarked_changes(text: str) -> list[str]:
    """Commands that change the cluster and do not stand in a block that says so."""
    return [one.text for one in commands.commands(text) if CHANGING.match(one.text) and not one.changes]


def without_undo(text: str) -> list[str]:
    """Changes of which the runbook does not say how, or why not, they are taken back."""
    return [one.text for one in commands.commands(text) if one.changes and not one.undo]


def unsaved(text: str) -> list[str]:
    """Deletions of what no controller creates again, with no command before them in their block that saves it."""
    found, saved = [], set()
    for one in commands.commands(text):
        if saving := _SAVES.match(one.text):
            saved.add((one.section, one.block, *saving.groups()))
        deletion = _DELETES.match(one.text)
        if deletion and (one.section, one.block, *deletion.groups()) not in saved:
            found.append(one.text)
    return found


def untold(text: str, excused: Iterable[str] = ()) -> list[str]:
    """Reading commands of which the runbook should say what they show, and says nothing that can be held to it."""
    return [
        one.text for one in commands.commands(text) if one.reads and one.told is False and one.text not in set(excused)
    ]


def missing_parts(text: str, failures: Iterable[str]) -> list[str]:
    """The parts that sections about failures lack."""
    bodies = {anchor: "\n".join(lines) for anchor, lines in commands.bodies(text)}
    return [f"{one}: {part}" for one in failures for part in PARTS if f"**{part}" not in bodies.get(one, "")]


def unproved(text: str, failures: Iterable[str]) -> list[str]:
    """Sections about failures without measured times of their own, in their own section."""
    bodies = {anchor: "\n".join(lines) for anchor, lines in commands.bodies(text)}
    parts = {one: generated.parts(bodies.get(one, "")).get(f"{proved.PREFIX}{one}", "") for one in failures}
    return [one for one, body in parts.items() if not proved.rows(body)]
