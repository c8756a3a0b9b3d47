"""A program in a container: what it wrote, and each way in which it does not come to a good end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.pod_exec import failure_in, output_of
from pipeline_services.model.errors import AccessDenied, ServiceUnreachable, UnexpectedAnswer
from tests.clients.fake_servers import FakeServer, serving

GOOD = b"\x03" + json.dumps({"status": "Success"}).encode()
BAD = b"\x03" + json.dumps({"status": "Failure", "message": "exit code 1"}).encode()
PROGRAM = ("kafka-0", "cat", "/a file")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving({}) as running:
        yield running


def test_what_it_wrote_is_put_together(cluster: Cluster, server: FakeServer) -> None:
    server.programs[PROGRAM] = [b"\x01", b"\x01one\0", b"\x02a warning", b"\x01two", GOOD]
    assert output_of(cluster, "kafka-0", "kafka", PROGRAM[1:]) == b"one\0two"


def test_a_program_that_fails_is_told_with_its_words(cluster: Cluster, server: FakeServer) -> None:
    server.programs[PROGRAM] = [b"\x01half", b"\x02no such file", BAD]
    with pytest.raises(UnexpectedAnswer, match="cat in kafka-0: exit code 1: no such file"):
        output_of(cluster, "kafka-0", "kafka", PROGRAM[1:])


def test_an_end_without_a_status_is_no_good_end(cluster: Cluster, server: FakeServer) -> None:
    server.programs[PROGRAM] = [b"\x01half"]
    with pytest.raises(UnexpectedAnswer, match="did not come to its end"):
        output_of(cluster, "kafka-0", "kafka", PROGRAM[1:])


@pytest.mark.parametrize(("status", "error"), [(404, ServiceUnreachable), (403, AccessDenied)])
def test_a_refusal_is_told(cluster: Cluster, server: FakeServer, status: int, error: type[Exception]) -> None:
    server.forward_status = status
    with pytest.raises(error):
        output_of(cluster, "kafka-0", "kafka", PROGRAM[1:])


@pytest.mark.parametrize("status", [b"", b"[]", b"{}", b"3"])
def test_what_is_no_status_is_a_failure(status: bytes) -> None:
    assert "did not come to its end" in failure_in(status)
