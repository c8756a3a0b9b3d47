"""The command line of the suite's own commands: what argparse refuses ends as every refused command does."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from pipeline_services.model.exit_codes import REFUSED


class Parser(argparse.ArgumentParser):
    """argparse ends with 2, which means here that the state of the pipeline could not be known."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"REFUSED: {message}; help: {self.prog} --help\n")


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
