"""What of a report cannot be written, noted where it happens: the run goes on, and its verdict stands."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from allure_commons import hookimpl


class Unwritten:
    """The first failure, in words.

    As a plugin of Allure it stands around the writing of each result file, so that a disk that is full ends no case.

    Attributes:
        why: which path could not be written and why; empty where everything could.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.why = ""

    def note(self, error: OSError) -> None:
        """Keep it, unless another failure came before."""
        why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        self.why = self.why or f"cannot write to {error.filename or self._folder}: {why}"

    @property
    def line(self) -> str:
        """For the operator: what is missing, and what to do about it."""
        return (
            f"NO REPORT: {self.why}. The verdict is still valid. Next: make room, or name another folder with --reports"
        )

    def _around(self) -> Generator[None, object, object]:
        try:
            return (yield)
        except OSError as error:
            self.note(error)
            return None

    report_result = hookimpl(wrapper=True)(_around)
    report_container = hookimpl(wrapper=True)(_around)
    report_attached_file = hookimpl(wrapper=True)(_around)
    report_attached_data = hookimpl(wrapper=True)(_around)
    report_globals = hookimpl(wrapper=True)(_around)
