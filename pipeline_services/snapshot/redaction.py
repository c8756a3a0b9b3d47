"""Takes secrets out of a tree of JSON before it can be written anywhere.

Two nets: the values that the namespace's Secrets hold, in every form they are likely to appear in, and the shapes that
credentials have when nobody told us of them (a ``token=`` in a log line). What is found becomes ``[redacted]``.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus

REDACTED: Final = "[redacted]"
SHORTEST: Final = 6
SHORTEST_PART: Final = 16
SHORTEST_ANYWHERE: Final = 12
KEY_LINE: Final = 60
RANDOM_BITS: Final = 3.2

_WORD: Final = r"(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key)"
_NAME: Final = rf"[\w.-]{{0,64}}{_WORD}[\w-]{{0,64}}"
_PATTERNS: Final = (
    re.compile(r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    re.compile(r"(?i)(\bauthorization\b[\"']?\s*[=:]\s*[\"']?(?:(?:bearer|token|basic|digest)\s+)?)[^\s\"',;]+()"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/=-]{12,}()"),
    re.compile(r"(://[^\s/:@\"']*:)[^\s/@\"']+(@)"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?()"),
    re.compile(r"()\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|glsa_\w{20,}|xox[abpr]-[\w-]{10,})()"),
)
_PAIR: Final = re.compile(
    rf"(?i)(?P<name>\b{_NAME})(?P<sign>\\*[\"']?\s*(?:=|:)\s*\\*[\"']?)(?P<value>(?<=[\"'])[^\"'\\]+|[^\s\"'\\,;&(){{}}\[\]<>]+)"
)
_FOLLOWS: Final = re.compile(rf"(?i)(?P<name>\b{_NAME})(?P<sign>\s+(?:is\s+|was\s+)?[\"']?)(?P<value>[\w+/=.-]{{20,}})")
_KEY_LINE: Final = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{60,76}={0,2}$")  # at the end of a text: of a log line
_REFERENCE: Final = re.compile(r"\$(?:[A-Z][A-Z0-9_]*)?")  # $NAME, or what is left of ${NAME} without its braces
_NAMED: Final = re.compile(rf"(?i)^{_NAME}$")
_NOT_ITSELF: Final = re.compile(
    r"(?i)(?:[_-]?(?:file|path|dir|name|ref|url|type|count|total|seconds|bytes|id|expiry|expires\w*))$"
)
_HINTS: Final = (
    *("pass", "pwd", "secret", "token", "credential", "key", "authorization", "bearer", "basic"),
    *("://", "eyj", "akia", "gh", "glpat", "glsa", "xox"),
)
"""In lower case, what a text has at least one of if any pattern is to find something in it."""
_LISTS: Final = (list, tuple)
_TABLES: Final = (dict, Mapping)
"""``dict`` first: to ask whether anything is a ``Mapping`` takes ten times as long."""
_WORD_CHARACTERS: Final = re.compile(r"[A-Za-z0-9+/=_.~-]+")


def secret_forms(values: Iterable[bytes], keep: Collection[str] = ()) -> list[str]:
    """The texts to look for, longest first: each value as it is, in Base64 of both alphabets, URL-encoded, inside JSON.

    Args:
        values: what the Secrets hold, decoded. Certificates are public and are left out; of a longer text (a file, a
            key, a connection string) its long parts are looked for too.
        keep: public names, which are not secret even where a Secret repeats them.
    """
    forms: set[str] = set()
    for value in values:
        if value.lstrip().startswith(b"-----BEGIN CERTIFICATE"):
            continue
        forms |= set(_encoded(value))
        text = value.decode("utf-8", "ignore").strip()
        forms |= set(_written(text))
        for part in _WORD_CHARACTERS.findall(text):
            if len(part) >= SHORTEST_PART and _random(part):
                forms |= set(_written(part))
    known = set(keep)
    return sorted((form for form in forms if len(form) >= SHORTEST and form not in known), key=len, reverse=True)


def _encoded(value: bytes) -> Iterator[str]:
    if len(value) < SHORTEST:
        return
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(value).decode()
        yield text
        yield text.rstrip("=")


def _written(text: str) -> Iterator[str]:
    if len(text) >= SHORTEST:
        yield from (text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1])


def redacted(tree: Any, forms: Collection[str], keep: Collection[str] = ()) -> Any:
    """The tree with every secret replaced, in texts and in keys.

    Args:
        forms: what ``secret_forms`` gave.
        keep: names that stay even after a word like ``secret:``.
    """
    everything = "\n".join(_texts(tree))
    present = [form for form in forms if form in everything]
    return _Redactor(present, frozenset(keep)).tree(tree)


class _Redactor:
    def __init__(self, forms: list[str], keep: frozenset[str]) -> None:
        self._forms = [re.compile(_standing_alone(form)) for form in forms]
        self._keep = keep
        self._known: dict[str, str] = {}

    def tree(self, node: Any) -> Any:
        if isinstance(node, str):
            return self.text(node)
        if isinstance(node, _LISTS):
            return [self.tree(item) for item in node]
        return self._mapping(node) if isinstance(node, _TABLES) else node

    def _mapping(self, node: Mapping[str, Any]) -> dict[str, Any]:
        changed = {self.text(key): self._under(key, value) for key, value in node.items()}
        name = node.get("name")
        if isinstance(name, str) and isinstance(node.get("value"), str):  # an entry of a container's env
            changed["value"] = self._under(name, node["value"])
        return changed

    def _under(self, key: str, value: Any) -> Any:
        if not isinstance(value, str):
            return self.tree(value)
        return REDACTED if value and _is_secret(key) and value not in self._keep else self.text(value)

    def text(self, text: str) -> str:
        """The text without secrets; most texts of a cluster come many times, so what is known is kept."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._cleaned(text)
        return known

    def _cleaned(self, text: str) -> str:
        for form in self._forms:
            text = form.sub(REDACTED, text)
        if len(text) >= KEY_LINE:
            text = _KEY_LINE.sub(_key_line, text)
        if not _is_suspect(text.lower()):
            return text
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{REDACTED}\2", text)
        return _FOLLOWS.sub(self._follower, _PAIR.sub(self._pair, text))

    def _pair(self, found: re.Match[str]) -> str:
        return self._replaced(found, plain=True)

    def _follower(self, found: re.Match[str]) -> str:
        return self._replaced(found, plain=False)

    def _replaced(self, found: re.Match[str], *, plain: bool) -> str:
        """``plain``: a value after a sign is one whatever it looks like; after a mere space only a random one is."""
        value = found["value"]
        public = value in self._keep or value.lower() in ("bearer", "token", "basic", "null", "none", "true", "false")
        public = public or bool(_REFERENCE.fullmatch(value))
        if public or _NOT_ITSELF.search(found["name"]) or not (plain or _random(value)):
            return found[0]
        return f"{found['name']}{found['sign']}{REDACTED}"


@lru_cache(maxsize=4096)
def _is_secret(key: str) -> bool:
    """Whether what stands under such a key is a secret whatever it looks like."""
    return bool(_NAMED.match(key)) and not _NOT_ITSELF.search(key)


def _is_suspect(lowered: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110  a generator would take twice as long, over every text of a cluster
        if hint in lowered:
            return True
    return False


def _key_line(found: re.Match[str]) -> str:
    """A full line of a key in Base64 has letters of both cases; a digest in hex has not."""
    line = found[0]
    return REDACTED if line.lower() != line != line.upper() and _random(line) else line


def _standing_alone(form: str) -> str:
    """A short form of letters and digits is looked for as a word only: it may well be part of an innocent one."""
    word = len(form) < SHORTEST_ANYWHERE and form.isalnum()
    return rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])" if word else re.escape(form)


def _texts(tree: Any) -> set[str]:
    """All keys and texts of a tree, each once: most of a cluster's come many times."""
    found: set[str] = set()
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, str):
            found.add(node)
        elif isinstance(node, _LISTS):
            left += node
        elif isinstance(node, _TABLES):
            found.update(node)
            left += node.values()
    return found


def _random(text: str) -> bool:
    """Whether a text looks made by a machine: letters and digits mixed, and much information in each character."""
    if not (any(map(str.isdigit, text)) and any(map(str.isalpha, text))):
        return False
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts) >= RANDOM_BITS
