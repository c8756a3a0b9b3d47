"""What the registries offer beyond what the suite's own cluster runs, as a source of the monthly review's snapshot."""

from __future__ import annotations

from dataclasses import replace

from pipeline_services.judgements.images import SOURCE
from pipeline_services.model.errors import PipelineError
from pipeline_services.snapshot.snapshot import Failure, Snapshot


def with_offers(snapshot: Snapshot) -> Snapshot:
    """The snapshot with what is pinned, what is built of it, and what the registries have instead.

    Where that cannot be asked at all, such as without a container engine, the reason stands in its place.
    """
    from pipeline_services.platform.build.offers import offered_here  # noqa: PLC0415 - only the monthly review needs it

    try:
        found = offered_here()
    except PipelineError as error:
        return replace(snapshot, failures={**snapshot.failures, SOURCE: Failure.of(error)})
    return replace(snapshot, answers={**snapshot.answers, SOURCE: found})
