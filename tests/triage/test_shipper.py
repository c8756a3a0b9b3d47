"""Why logs do not arrive in Loki is told in the shipper's own words, where it has any."""

from __future__ import annotations

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy


def nothing_arrives(world: World, line: str) -> None:
    """Loki has no line, and the shipper logs why."""
    pod = world.pods("log-shipper")[0]["metadata"]["name"]
    tail = {"pod": pod, "container": "log-shipper", "lines": [f"{world.ago(5)} {line}"]}
    world.answers |= {"logs/log-shipper": [tail], "loki/pods": {}, "loki/all": []}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'Dropping data. "error": "responded with HTTP Status Code 429, Message=rate limit exceeded"',
            "the shipper says: HTTP Status Code 429, Message=rate limit exceeded",
        ),
        ('error "open /var/log/pods/x/0.log: permission denied"', "the shipper says: permission denied"),
        ("nothing to see", "Loki finds no line"),
    ],
)
def test_the_first_line_has_the_shippers_reason(line: str, said: str) -> None:
    world = healthy()
    nothing_arrives(world, line)
    (told,) = diagnose(world.snapshot()).findings
    assert told.cause.id == "logs-not-shipped"
    assert said in told.summary
