"""How an app runs: its settings, its probes and metrics, and its exit code."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from prometheus_client import CollectorRegistry

from pipeline_services.apps import json_log
from pipeline_services.apps.config import ConfigError, ProcessorConfig, ProducerConfig
from pipeline_services.apps.health import Heart, Readiness, serve
from pipeline_services.apps.kafka_link import NoBroker, await_broker
from pipeline_services.apps.names_lookup import NamesLookup
from pipeline_services.apps.stopping import Stop

Config = TypeVar("Config", ProducerConfig, ProcessorConfig)


class App(Protocol):
    """What the main loop works for, and whether it has lately worked with its peers."""

    ready: Readiness

    def run(self) -> None:
        """Work until asked to stop."""


def run_app(
    log: logging.Logger,
    read_config: Callable[[Mapping[str, str]], Config],
    assemble: Callable[[Config, Stop, Heart, CollectorRegistry], App],
) -> int:
    """Run until SIGTERM. 0 after a clean end, 1 if no broker was found at the start, 2 for a wrong setting."""
    json_log.set_up()
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        log.error("%s", error)
        return 2
    stop, heart, registry = Stop().on_signals(), Heart(), CollectorRegistry()
    app = assemble(config, stop, heart, registry)
    NamesLookup(config.looked_up, registry).start()
    serve(config.port, heart, app.ready, registry)
    try:
        if await_broker(config.kafka, stop, heart.beat):
            app.run()
    except NoBroker as error:
        log.error("%s", error)
        return 1
    return 0
