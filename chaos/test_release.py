"""Pre-release validation: may the candidate go out? One verdict, and a case for each thing that it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_services.release.facts import BESIDE, IN_PLACE
from pipeline_services.release.gates import METRICS

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.release.verdict import Conclusion

pytestmark = [pytest.mark.release, pytest.mark.component("processor")]


@pytest.fixture(scope="session")
def conclusion(pipeline: SteadyPipeline, request: pytest.FixtureRequest) -> Conclusion:
    """The verdict on --candidate; the cluster has its baseline back."""
    from chaos import validation  # noqa: PLC0415

    found = validation.validated(pipeline, request.config)
    validation.show(found, request.session)
    return found


def test_candidate_may_go(conclusion: Conclusion, pytestconfig: pytest.Config) -> None:
    """Every fact holds and no metric is worse than its margin."""
    from chaos.validation import attach, require_go  # noqa: PLC0415
    from pipeline_services.reporting.run.options import RunOptions  # noqa: PLC0415

    attach(conclusion, RunOptions.of(pytestconfig))
    require_go(conclusion)


@pytest.mark.parametrize("fact", [one.id for one in BESIDE])
def test_fact_holds(conclusion: Conclusion, fact: str) -> None:
    """Something that no measurement makes up for."""
    from chaos.validation import require_fact  # noqa: PLC0415

    require_fact(conclusion, fact)


@pytest.mark.parametrize("metric", [one.id for one in METRICS])
def test_metric_is_not_worse(conclusion: Conclusion, metric: str) -> None:
    """The whole interval of the candidate's cost lies below the margin."""
    from chaos.validation import require_not_worse  # noqa: PLC0415

    require_not_worse(conclusion, metric)


@pytest.mark.parametrize("fact", [one.id for one in IN_PLACE])
def test_roll_out_holds(conclusion: Conclusion, fact: str) -> None:
    """Something that has to be so while the candidate is in the baseline's place, and after it."""
    from chaos.validation import require_fact  # noqa: PLC0415

    require_fact(conclusion, fact)
