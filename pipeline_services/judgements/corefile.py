"""A CoreDNS configuration as far as it decides which names of the cluster's own zone are answered. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipeline_services.model.errors import UnexpectedAnswer

_ADDRESSES: Final = frozenset({"A", "AAAA", "ANY"})
_CLASSES: Final = frozenset({"IN", "ANY"})
_MATCHES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "exact": lambda pattern, name: name == pattern.strip("."),
    "prefix": lambda pattern, name: name.startswith(pattern),
    "suffix": lambda pattern, name: f"{name}.".endswith(pattern) or name.endswith(pattern),
    "substring": lambda pattern, name: pattern in name,
    "regex": lambda pattern, name: bool(_compiled(pattern).search(f"{name}.")),
}


@dataclass(frozen=True, slots=True)
class Directive:
    """A plugin with the words behind its name, and the lines of its block as words."""

    plugin: str
    words: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...] = ()

    def option(self, name: str) -> tuple[str, ...] | None:
        """The words of the line of its block that begins so; None where there is none."""
        return next((line[1:] for line in self.lines if line[0] == name), None)

    @property
    def text(self) -> str:
        """It in one line, as far as its name says it."""
        return " ".join((self.plugin, *self.words))


@dataclass(frozen=True, slots=True)
class Server:
    """The zones of one server block, the root as the empty text, and its plugins."""

    zones: tuple[str, ...]
    plugins: tuple[Directive, ...]

    def of(self, plugin: str) -> list[Directive]:
        return [one for one in self.plugins if one.plugin == plugin]


def hidden(text: str, names: Sequence[str], zone: str, namespace: str) -> str:
    """What of a Corefile keeps the services' names from being answered as they are; empty where nothing does.

    Args:
        names: full names without a dot at the end, all of the zone.

    Raises:
        UnexpectedAnswer: the text is no Corefile.
    """
    blocks = servers(text)
    for name in names:
        server = _responsible(blocks, name)
        if server is None:
            return f"no server block answers {zone}"
        for why in (*_taken(server, name), *_unanswered(server, name, zone, namespace)):
            return why
    return ""


@lru_cache(maxsize=4)
def servers(text: str) -> tuple[Server, ...]:
    """The server blocks of a Corefile. Snippets and what it imports from elsewhere are left out.

    Raises:
        UnexpectedAnswer: its braces do not match.
    """
    found: list[Server] = []
    lines = iter([words for words in map(_words, text.splitlines()) if words])
    for words in lines:
        if words[-1] != "{":
            continue
        plugins = tuple(_directives(lines))
        if not words[0].startswith("("):
            found.append(Server(tuple(_zone(key.rstrip(",")) for key in words[:-1]), plugins))
    return tuple(found)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True, posix=False) if '"' not in line else shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def _directives(lines: Iterator[list[str]]) -> Iterator[Directive]:
    for words in lines:
        if words == ["}"]:
            return
        inner = tuple(map(tuple, _block(lines))) if words[-1] == "{" else ()
        yield Directive(words[0], tuple(words[1:-1] if words[-1] == "{" else words[1:]), inner)
    raise UnexpectedAnswer("this is no Corefile: a brace is not closed")


def _block(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    depth = 1
    for words in lines:
        depth += (words[-1] == "{") - (words == ["}"])
        if not depth:
            return
        yield words


def _zone(key: str) -> str:
    """``dns://.:53`` is the root, which is the empty text."""
    return re.sub(r":\d+$", "", key.rpartition("://")[2]).strip(".").lower()


def _covers(zones: Sequence[str], name: str) -> bool:
    return any(zone in ("", name) or name.endswith(f".{zone}") for zone in map(_zone, zones))


def _responsible(blocks: Sequence[Server], name: str) -> Server | None:
    """The block with the longest zone that the name is in."""
    fitting = [(len(zone), block) for block in blocks for zone in block.zones if _covers([zone], name)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _taken(server: Server, name: str) -> Iterator[str]:
    """What stands before the cluster's own answers and takes the name away from them."""
    for one in server.of("rewrite"):
        if any(_rewrites((*one.words, *line), name) for line in one.lines or ((),)):
            yield f"'{one.text}' makes another name of {name}"
    for one in server.of("template"):
        if _answers(one, server, name):
            code = " ".join(one.option("rcode") or ("something else",))
            yield f"'{one.text}' answers {name} with {code}"
    for one in server.of("hosts"):
        own = any(name in line[1:] for line in one.lines)
        passes = one.option("fallthrough")
        if own or (_covers(one.words[1:] or server.zones, name) and not _passes(passes, server.zones, name)):
            yield f"'{one.text}' answers {name} in place of the cluster"


def _unanswered(server: Server, name: str, zone: str, namespace: str) -> Iterator[str]:
    own = [one for one in server.of("kubernetes") if _covers(one.words or server.zones, name)]
    if not own and not server.of("import"):
        yield f"no plugin 'kubernetes' answers {zone}"
    for one in own:
        shown = one.option("namespaces")
        if shown is not None and namespace not in shown:
            yield f"'namespaces {' '.join(shown)}' leaves out {namespace}"


def _passes(words: tuple[str, ...] | None, zones: Sequence[str], name: str) -> bool:
    return words is not None and _covers(words or zones, name)


def _answers(template: Directive, server: Server, name: str) -> bool:
    """Whether a template answers questions for the name's address; what it matches not and does not pass on, too."""
    of_class, of_type = ({one.upper() for one in template.words[place : place + 1]} for place in (0, 1))
    if not (of_class & _CLASSES and of_type & _ADDRESSES and _covers(template.words[2:] or server.zones, name)):
        return False
    patterns = template.option("match")
    matched = not patterns or any(_compiled(one).search(f"{name}.") for one in patterns)
    return matched or not _passes(template.option("fallthrough"), server.zones, name)


def _rewrites(words: Sequence[str], name: str) -> bool:
    rest = [word for word in words if word not in ("stop", "continue")]
    if rest[:1] != ["name"] or len(rest) < 3:
        return False
    how, pattern = (rest[1], rest[2]) if rest[1] in _MATCHES else ("exact", rest[1])
    return _MATCHES[how](pattern, name)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UnexpectedAnswer(f"the Corefile has the pattern {pattern!r}, which cannot be read: {error}") from error
