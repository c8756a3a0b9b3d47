"""The fleet as a page: the table on top, then each pipeline that is not healthy. One file, without a script. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from pipeline_services.model.exit_codes import PASSED
from pipeline_services.model.text import utc
from pipeline_services.reporting.fleet.standing import Standing
from pipeline_services.reporting.fleet.table import FINE, WORDS, cell, components, summary

_HEAD: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }}
div {{ overflow-x: auto; }} table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .7rem; text-align: left; border-bottom: 1px solid #8884; white-space: nowrap; }}
.failed {{ color: #c22; font-weight: 600; }} .unknown {{ color: #a60; }} .ok {{ color: #282; }}
</style></head><body><h1>{title}</h1>
"""


def page(rows: Sequence[Standing], at: float) -> str:
    """The page; ``at`` is when the fleet was looked at, in epoch seconds."""
    known = components(rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in ("pipeline", "verdict", *known))
    body = "".join(_row(row, known) for row in rows)
    about = "".join(_about(row) for row in rows if row.code != PASSED)
    title = escape(summary(rows))
    return (
        f"{_HEAD.format(title=title)}<p>{utc(at)}</p>\n<div><table><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>\n{about}</body></html>\n"
    )


def _row(row: Standing, known: Sequence[str]) -> str:
    name = escape(row.name)
    label = name if row.code == PASSED else f'<a href="#{name}">{name}</a>'
    cells = [WORDS[row.code], *(cell(row, one) for one in known)]
    return f"<tr><th>{label}</th>{''.join(_cell(text) for text in cells)}</tr>\n"


def _cell(text: str) -> str:
    kind = "failed" if "failed" in text.lower() else "ok" if text in FINE else "unknown"
    return f'<td class="{kind}">{escape(text)}</td>'


def _about(row: Standing) -> str:
    told = [*([row.error] if row.error else []), *row.causes, *row.wrong]
    items = "".join(f"<li>{escape(line)}</li>" for line in told)
    return f'<h2 id="{escape(row.name)}">{escape(row.name)}</h2><p>{escape(row.where)}</p><ul>{items}</ul>\n'
