"""The command line of the suite's own commands: what argparse refuses ends as every refused command does."""

from __future__ import annotations

import argparse
from typing import NoReturn

from pipeline_services.model.exit_codes import REFUSED


class Parser(argparse.ArgumentParser):
    """argparse ends with 2, which means here that the state of the pipeline could not be known."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"REFUSED: {message}; help: {self.prog} --help\n")
