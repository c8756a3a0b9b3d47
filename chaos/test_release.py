"""Pre-release validation: may the candidate go out? One verdict, and a case for each thing that it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_services.release.engine import FACTS_NEEDED, METRICS_NEEDED

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.release.verdict import Conclusion

pytestmark = [pytest.mark.release, pytest.mark.component("processor"), pytest.mark.runbook("pod-status")]


@pytest.fixture(scope="session")
def conclusion(pipeline: SteadyPipeline, pytestconfig: pytest.Config) -> Conclusion:
    """The verdict on --candidate; the cluster has its baseline back."""
    from chaos.validation import validated  # noqa: PLC0415

    return validated(pipeline, pytestconfig)


def test_candidate_may_go(conclusion: Conclusion, pytestconfig: pytest.Config) -> None:
    """Every fact holds and no metric is worse than its margin."""
    from chaos.validation import attach, require_go  # noqa: PLC0415
    from pipeline_services.reporting.run.options import RunOptions  # noqa: PLC0415

    attach(conclusion, RunOptions.of(pytestconfig))
    require_go(conclusion)


@pytest.mark.parametrize("fact", FACTS_NEEDED)
def test_fact_holds(conclusion: Conclusion, fact: str) -> None:
    """Something that no measurement makes up for."""
    from chaos.validation import require_fact  # noqa: PLC0415

    require_fact(conclusion, fact)


@pytest.mark.parametrize("metric", METRICS_NEEDED)
def test_metric_is_not_worse(conclusion: Conclusion, metric: str) -> None:
    """The whole interval of the candidate's cost lies below the margin."""
    from chaos.validation import require_not_worse  # noqa: PLC0415

    require_not_worse(conclusion, metric)
