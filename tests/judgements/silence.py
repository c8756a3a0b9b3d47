"""A topic into which nothing comes."""

from __future__ import annotations

import copy
from collections.abc import Callable

from pipeline_services.model.errors import ServiceUnreachable
from tests.judgements.world import World


def paused(world: World) -> None:
    """Kafka's two looks at the topic find the same."""
    first, *_, last = world.answers["kafka_lag"]
    last["partitions"] = copy.deepcopy(first["partitions"])


def silent(*, prometheus: bool = True) -> Callable[[World], None]:
    """Nothing comes into the topic; Prometheus says so too, or says nothing."""

    def breakage(world: World) -> None:
        paused(world)
        if prometheus:
            world.answers["prometheus/producer-rate"] = [{"metric": {}, "value": [world.now, "0"]}]
        else:
            world.fail("prometheus/producer-rate", ServiceUnreachable("prometheus is away"))

    return breakage
