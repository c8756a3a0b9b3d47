"""What this process does while a fault lasts tells at its end what went wrong."""

from __future__ import annotations

import pytest
from kafka.errors import KafkaError

from chaos.fault_builders import meanwhile
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.waiting import wait_until


def test_what_kafka_refuses_meanwhile_is_counted_and_raised_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "TICK_S", 0.01)
    tries = 0

    def refused() -> None:
        nonlocal tries
        tries += 1
        raise KafkaError("no leader")

    with (
        pytest.raises(ServiceUnreachable, match=r"\d+ times Kafka refused: KafkaError: no leader"),
        meanwhile._repeated(refused),
    ):
        wait_until(lambda: tries > 2, within=5, what="several tries", every=0.01)
