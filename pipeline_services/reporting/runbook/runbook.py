"""RUNBOOK.md as data: its headings, their anchors, and itself as a page beside the report."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from pipeline_services.model.paths import REPOSITORY, cache_root
from pipeline_services.model.text import first_line
from pipeline_services.reporting.text_cache import kept

RUNBOOK: Final = REPOSITORY / "RUNBOOK.md"
PAGE: Final = "runbook.html"
_HEADING: Final = re.compile(r"^(#{2,3}) +(.+?) *$")


@dataclass(frozen=True, slots=True)
class Section:
    """One heading. ``chapter`` is the numbered section of the runbook it lies in, ``title`` the heading itself."""

    anchor: str
    title: str
    chapter: str
    line: int


def slug(title: str) -> str:
    """The anchor that a Markdown page gives a heading: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def sections(text: str) -> dict[str, Section]:
    """All headings of level two and three by anchor, in order; those inside code blocks are none."""
    found: dict[str, Section] = {}
    chapter, number, fenced = "", 0, False
    for line, content in enumerate(text.splitlines()):
        fenced ^= content.startswith("```")
        heading = None if fenced else _HEADING.match(content)
        if heading is None:
            continue
        title = heading[2]
        if heading[1] == "##":
            number += 1
            chapter = f"{number}. {title}"
        found[slug(title)] = Section(slug(title), title, chapter, line)
    return found


def load(path: Path = RUNBOOK) -> Mapping[str, Section]:
    """The sections of the runbook; none where there is no such file."""
    return sections(path.read_text(encoding="utf-8")) if path.is_file() else {}


@lru_cache(maxsize=1)
def page(text: str) -> str:
    """The runbook as one HTML page without scripts, readable from a file and on a telephone."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  only a run that writes a report needs it

    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", slug(inline.content))
    body = parser.renderer.render(tokens, parser.options, {})
    title = html.escape(first_line(text).lstrip("# "))
    return _SHELL.format(title=title, body=body)


def kept_page(text: str) -> str:
    """As ``page``, from an earlier run where the text and this file are the same."""
    return kept(cache_root() / "runbook", Path(__file__).read_text(encoding="utf-8") + text, lambda: page(text))


_SHELL: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.55 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 1rem; }}
h2 {{ border-bottom: 1px solid #8885; padding: 1.5rem 0 .3rem; }}
:target {{ background: #fd06; }}
code {{ font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }}
pre {{ background: #8882; border-radius: 6px; overflow-x: auto; padding: .8rem; }}
pre code {{ overflow-wrap: normal; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ border: 1px solid #8885; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
