"""The command line of the suite's own commands: what argparse refuses ends as every refused command does."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from pipeline_services.model.exit_codes import REFUSED
from pipeline_services.model.program import end_in_one_line

LOOKED_AT: Final = (
    "context",
    "kubeconfig",
    "namespace",
    "snapshot",
    "pipeline",
    "settings",
    "fleet",
    "reports",
    "check",
)
"""Options that say what is looked at. Empty, as from a variable that is not set, each would mean another cluster."""


class Parser(argparse.ArgumentParser):
    """argparse ends with 2, which means here that the state of the pipeline could not be known.

    Args:
        description: as argparse takes it, or a module's docstring.
    """

    def __init__(self, prog: str | None = None, description: str | None = None, **more: Any) -> None:
        super().__init__(prog, description=_plain(description or ""), **more)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:  # type: ignore[override]
        """As argparse does, once no option that says what is looked at is empty.

        A program, which has its arguments from the command line, ends as it should wherever its output goes.
        """
        if args is None:
            end_in_one_line()
        given = list(sys.argv[1:] if args is None else args)
        if name := empty(given):
            self.error(EMPTY.format(name=name))
        return super().parse_known_args(given, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"REFUSED: {message}; help: {self.prog} --help\n")


def _plain(docstring: str) -> str:
    """Without the marks of a docstring, and without the command, which the usage line has already."""
    text = docstring.replace("``", "")
    told = text.partition(": ")[2] if text.startswith(("python -m ", "make ")) else text
    return told[:1].upper() + told[1:]


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """The options that say which cluster is looked at."""
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="the kubeconfig of that cluster (default: where kubectl looks for it)",
    )
    parser.add_argument("--context", metavar="NAME", help="look at this context's cluster, not the suite's own")


def add_target(parser: argparse.ArgumentParser) -> None:
    """The options that ``resolve_target`` takes, and the pipeline's profile."""
    add_cluster(parser)
    parser.add_argument("--namespace", metavar="NS", help="the pipeline's namespace (default: that of its profile)")
    parser.add_argument("--pipeline", type=Path, metavar="FILE", help="its profile (default: the suite's own)")


EMPTY: Final = "--{name} is empty: give it a value, or leave it out"


def empty(arguments: Iterable[str]) -> str:
    """The first option of those that is given without a value: ``--context=``, or ``--context ''``."""
    before = ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        named = before if not argument else name if equals and not value else ""
        if named.removeprefix("--") in LOOKED_AT and named.startswith("--"):
            return named.removeprefix("--")
        before = argument
    return ""


def positive(text: str) -> float:
    """A finite number above 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def counted(text: str) -> int:
    """A whole number above 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
