"""The results that allure-pytest has of a run, held until they are complete, so that each is written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import allure_commons
from allure_commons import hookimpl
from allure_commons.logger import AllureFileLogger
from attr import asdict


class HeldResults:
    """Takes the place of Allure's own writer of files. What is attached is written at once, as ever.

    Attributes:
        documents: the results, in the form of their files.
    """

    def __init__(self, files: AllureFileLogger) -> None:
        self.documents: list[dict[str, Any]] = []
        self._files = files
        self.report_attached_file = files.report_attached_file
        self.report_attached_data = files.report_attached_data
        self.report_globals = files.report_globals

    @hookimpl  # type: ignore[untyped-decorator]
    def report_result(self, result: Any) -> None:
        """Hold it."""
        self.documents.append(asdict(result, filter=lambda _, value: value or value is False))

    @hookimpl  # type: ignore[untyped-decorator]
    def report_container(self, container: Any) -> None:
        """Fixtures say nothing about the pipeline, unless they have steps or evidence of their own."""
        if any(fixture.steps or fixture.attachments for fixture in (*container.befores, *container.afters)):
            self._files.report_container(container)


def hold_results(add_cleanup: Callable[[Callable[[], None]], object]) -> HeldResults | None:
    """From here on results are held; None where Allure writes none.

    Args:
        add_cleanup: is told how to put Allure's own writer back.
    """
    plugins = allure_commons.plugin_manager
    files = next((one for one in plugins.get_plugins() if isinstance(one, AllureFileLogger)), None)
    if files is None:
        return None
    held = HeldResults(files)
    plugins.unregister(files)
    plugins.register(held)

    def put_back() -> None:
        plugins.unregister(held)
        plugins.register(files)

    add_cleanup(put_back)
    return held
