"""How much of the whole run was judged: all of its checks, some that were picked, or those before it was cut short."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import pytest

from pipeline_services.reporting.run.cases import CaseLabels, argument
from pipeline_services.reporting.run.outcome import CaseResult, Category, Finding, Outcome
from pipeline_services.reporting.run.selection import SNAPSHOT_MARKERS, is_partial, leaves_files_out, run_markers

NOT_RUN: Final = Finding(Outcome.INCONCLUSIVE, Category.INCONCLUSIVE, "was not run: the run ended before it", "L1")


class Extent:
    """Counts, as a plugin of pytest, what was left out and what was judged.

    Args:
        here: the components that this environment has; checks of others are no part of the whole.
    """

    def __init__(self, config: pytest.Config, here: Collection[str]) -> None:
        self._here = here
        self._markers = set(run_markers(config)) & set(SNAPSHOT_MARKERS)
        self._picked = is_partial(config)
        self._uncounted = leaves_files_out(config)
        self._left_out: list[pytest.Item] = []
        self._judged: set[str] = set()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Note what ``-m``, ``-k`` and the like leave out."""
        self._left_out += items

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Note that the case itself is run; its set-up alone judges nothing."""
        self._judged.add(item.nodeid)

    @property
    def left_out(self) -> int | None:
        """How many checks of the whole run were not picked; None where that is not known."""
        if self._uncounted:
            return None
        if not self._markers:  # scenarios: any expression is a choice of its own
            return None if self._picked else 0
        return sum(1 for item in self._left_out if self._is_of_the_whole(item))

    def _is_of_the_whole(self, item: pytest.Item) -> bool:
        wanted = any(item.get_closest_marker(marker) for marker in self._markers)
        return wanted and argument(item, "component") in self._here

    def not_run(self, labels: Mapping[str, CaseLabels], results: Mapping[str, CaseResult]) -> Iterator[CaseResult]:
        """The selected cases that nothing was found out about: green or missing, and never called."""
        left_out = {item.nodeid for item in self._left_out}
        for case, label in labels.items():
            if case in left_out:
                continue
            known = results.get(case)
            if case not in self._judged and (known is None or known.outcome is Outcome.PASSED):
                yield CaseResult(case, label.component, label.runbook, NOT_RUN)
