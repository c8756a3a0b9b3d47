"""The generated parts of RUNBOOK.md. ``python -m pipeline_services.reporting.runbook.generated`` writes them.

Each stands between two comments that carry its name. What lies around it is a person's and stays as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Final

from pipeline_services.model.arguments import Parser
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.runbook import tables
from pipeline_services.reporting.runbook.runbook import RUNBOOK, load
from pipeline_services.triage.subjects import CAUSES

_PART: Final = re.compile(
    r"(?P<begin><!-- (?P<name>[^:\n]+): written by [^\n]*-->\n)(?P<body>.*?)(?P<end><!-- end of (?P=name) -->)",
    re.DOTALL,
)
PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "index of checks": lambda: tables.checks(load()),
    "key metrics": lambda: tables.metrics(KEY_METRICS.values(), Pipeline.load()),
    "causes": lambda: tables.causes(CAUSES.values()),
}
"""The parts by name. Those about measured times are proved.py's."""


def parts(text: str) -> dict[str, str]:
    """What stands in each part now, by its name."""
    return {found["name"]: found["body"] for found in _PART.finditer(text)}


def with_part(text: str, name: str, body: str) -> str:
    """The text with one part brought up to date. Raises ValueError where it does not have the part, or has it twice."""
    times = sum(found["name"] == name for found in _PART.finditer(text))
    if times != 1:
        raise ValueError(f"the text has {times} parts of the name {name!r}, not one")
    return _PART.sub(lambda found: found["begin"] + body + found["end"] if found["name"] == name else found[0], text)


def up_to_date(text: str) -> str:
    """The text with all parts of ``PARTS`` brought up to date."""
    for name, body in PARTS.items():
        text = with_part(text, name, body())
    return text


def blanked(text: str) -> str:
    """The text with as many lines, those within the parts empty: what a person wrote."""
    return _PART.sub(lambda found: "\n" * found[0].count("\n"), text)


def main() -> int:
    """Write the parts into RUNBOOK.md."""
    text = RUNBOOK.read_text(encoding="utf-8")
    RUNBOOK.write_text(up_to_date(text), encoding="utf-8")
    sys.stdout.write(f"{RUNBOOK.name}: {', '.join(PARTS)} written\n")
    return 0


if __name__ == "__main__":
    Parser(prog="python -m pipeline_services.reporting.runbook.generated", description=__doc__).parse_args()
    sys.exit(main())
