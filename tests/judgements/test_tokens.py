"""What a token may not do is told from what is not there, and from what the cluster does not let anybody read."""

from __future__ import annotations

import pytest

from pipeline_services.judgements import config, influxdb
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import AccessDenied, UnexpectedAnswer
from tests.judgements.world import World, healthy

HIDDEN = (AccessDenied("read", "influxdb/query"), UnexpectedAnswer("InfluxDB does not answer X: database not found: b"))


def unread(error: AccessDenied | UnexpectedAnswer, written: int) -> World:
    world = healthy()
    world.fail("influxdb_newest", error)
    world.answers["influxdb_write"] = {"status": written}
    return world


@pytest.mark.parametrize("error", HIDDEN, ids=["refused", "hidden"])
def test_a_bucket_that_only_the_token_for_writing_sees(error: AccessDenied | UnexpectedAnswer) -> None:
    with pytest.raises(Deviation, match=r"token of Secret influxdb-read has no permission to read the bucket"):
        config.token_is_accepted(unread(error, 400).snapshot(), "influxdb_read_token")


@pytest.mark.parametrize(
    ("error", "written"),
    [(HIDDEN[1], 404), (AccessDenied("list", "secrets"), 400), (UnexpectedAnswer("InfluxDB answers 500"), 400)],
    ids=["no such bucket", "the Secret may not be read", "something else"],
)
def test_a_token_that_is_not_why_nothing_is_read(error: AccessDenied | UnexpectedAnswer, written: int) -> None:
    config.token_is_accepted(unread(error, written).snapshot(), "influxdb_read_token")


def test_a_secret_that_may_not_be_read_says_nothing_of_the_token_in_it() -> None:
    world = healthy()
    world.fail("influxdb_at_work", AccessDenied("get", "secrets"))
    with pytest.raises(AccessDenied):
        influxdb.nothing_works_on_it(world.snapshot())
