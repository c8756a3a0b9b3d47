"""Many small cases in one test: pytest takes longer over a test of its own than most of them take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

from pipeline_services.model.errors import PipelineError

_Case = TypeVar("_Case")


def each(cases: Mapping[str, _Case], judge: Callable[[_Case], object]) -> None:
    """Judge every case, whatever is said of the others.

    Raises:
        AssertionError: of some it is not as it should be: each is named, with what was said of it; or there are none.
        Exception: what else a case raises, with a note that names the case.
    """
    assert cases, "there are no cases"
    wrong: list[str] = []
    for name, case in cases.items():
        try:
            judge(case)
        except (AssertionError, PipelineError, pytest.fail.Exception) as error:
            wrong.append(f"{name}: {error}")
        except Exception as error:
            error.add_note(f"in the case {name}")
            raise
    if wrong:
        raise AssertionError("\n".join([f"{len(wrong)} of {len(cases)} cases:", *wrong]))
