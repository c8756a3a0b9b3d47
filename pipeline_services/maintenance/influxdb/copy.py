"""A throwaway InfluxDB that a backup can be restored into: set up with an operator of its own, never used again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.journal import Journal
from pipeline_services.maintenance.throwaway import Recipe, running
from pipeline_services.model import roles
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until

PORT: Final = 8086
READY_WITHIN_S: Final = 60.0
NEVER: Final = "87600h"
"""How often a copy deletes what is beyond its retention, so that an old archive is compared as it is."""
ALWAYS: Final = "1s"
"""The same for the control that wants to see it deleted."""


def recipe(pipeline: Pipeline, deletes_every: str) -> Recipe:
    """The pod of a throwaway InfluxDB, which deletes what is beyond its retention so often."""
    part = pipeline[roles.INFLUXDB]
    env = {
        "INFLUXD_HTTP_BIND_ADDRESS": f"127.0.0.1:{PORT}",
        "INFLUXD_BOLT_PATH": f"{part.mount}/bolt",
        "INFLUXD_SQLITE_PATH": f"{part.mount}/sqlite",
        "INFLUXD_ENGINE_PATH": f"{part.mount}/engine",
        "INFLUXD_REPORTING_DISABLED": "true",
        "INFLUXD_UI_DISABLED": "true",
        "INFLUXD_STORAGE_RETENTION_CHECK_INTERVAL": deletes_every,
    }
    return Recipe(part, ["influxd"], env, PORT)


@contextmanager
def throwaway_influxdb(
    cluster: WritableCluster, pipeline: Pipeline, journal: Journal, deletes_every: str = NEVER
) -> Iterator[tuple[HttpApi, str]]:
    """A connection to a new, empty server within the block, and its operator's token.

    Raises:
        WaitExpired: it did not answer in time.
        PipelineError: it could not be made or set up.
    """
    with (
        running(cluster, journal, recipe(pipeline, deletes_every)) as forward,
        closing(HttpApi("the throwaway InfluxDB", forward.port, cause=lambda: forward.failure)) as http,
    ):
        wait_until(
            lambda: http.ask("/health").status == 200,
            within=READY_WITHIN_S,
            what="the throwaway InfluxDB to answer",
            retry_on=(ServiceUnreachable,),
        )
        yield http, set_up(http)


def set_up(http: HttpApi) -> str:
    """Set a new server up; returns its operator's token.

    Raises:
        UnexpectedAnswer: it refuses; it is set up already, for one.
    """
    token = secrets.token_hex(24)
    account = {"username": "operator", "password": secrets.token_hex(24), "token": token}
    answer = http.ask("/api/v2/setup", body={**account, "org": "throwaway", "bucket": "unused"})
    if answer.status != 201:
        raise answer.refusal("its set-up")
    return token
