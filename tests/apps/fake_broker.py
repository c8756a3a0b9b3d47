"""A broker of one partition, over the real protocol, that tells its clients whatever address it is told to tell."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, Final

from kafka.protocol.consumer import (
    FetchRequest,
    FetchResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchRequest,
    OffsetFetchResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)
from kafka.protocol.metadata import (
    ApiVersionsRequest,
    ApiVersionsResponse,
    FindCoordinatorRequest,
    FindCoordinatorResponse,
    MetadataRequest,
    MetadataResponse,
)
from kafka.protocol.producer import InitProducerIdRequest, InitProducerIdResponse, ProduceRequest, ProduceResponse

REQUESTS: Final = {
    kind.API_KEY: (kind, answer, version)
    for kind, answer, version in (
        (ProduceRequest, ProduceResponse, 3),
        (FetchRequest, FetchResponse, 4),
        (ListOffsetsRequest, ListOffsetsResponse, 1),
        (MetadataRequest, MetadataResponse, 4),
        (OffsetCommitRequest, OffsetCommitResponse, 2),
        (OffsetFetchRequest, OffsetFetchResponse, 1),
        (FindCoordinatorRequest, FindCoordinatorResponse, 1),
        (JoinGroupRequest, JoinGroupResponse, 2),
        (HeartbeatRequest, HeartbeatResponse, 1),
        (LeaveGroupRequest, LeaveGroupResponse, 1),
        (SyncGroupRequest, SyncGroupResponse, 1),
        (ApiVersionsRequest, ApiVersionsResponse, 0),
        (InitProducerIdRequest, InitProducerIdResponse, 0),
    )
}
TOPIC: Final = "readings"
LED: Final = {"error_code": 0, "leader_id": 0, "isr_nodes": [0]}
LEADERLESS: Final = {"error_code": 5, "leader_id": -1, "isr_nodes": []}
IDLE_FETCH: Final = 0.1  # seconds that a request for new messages takes
MEMBER: Final = "the-only-member"


class FakeBroker(ThreadingTCPServer):
    """Leads every group and, while ``leads``, the one partition of each topic. Use it as a context manager."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port = self.socket.getsockname()[1]
        self.advertised = self.port
        self.host = "127.0.0.1"
        self.told: set[int] = set()
        self.leads = True
        self.has_topic = True
        self.asked_for_leaders = 0
        self.produced = 0
        self.open: set[socket.socket] = set()

    @property
    def bootstrap(self) -> str:
        """Where clients are told to begin: right, whatever is advertised."""
        return f"127.0.0.1:{self.port}"

    def restart(self, advertised: int) -> None:
        """End every connection, and from now on tell clients that the broker is at this port."""
        self.advertised = advertised
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def answer(self, request: Any) -> dict[str, Any]:
        """The fields of the answer; what is not named is 0, empty or null."""
        return getattr(self, f"_{type(request).__name__.removesuffix('Request')}")(request)  # type: ignore[no-any-return]

    def _ApiVersions(self, _request: Any) -> dict[str, Any]:  # noqa: N802 - the protocol's names
        kind = ApiVersionsResponse.ApiVersion
        return {
            "api_keys": [
                kind(api_key=key, min_version=0, max_version=version) for key, (_, _, version) in REQUESTS.items()
            ]
        }

    def _Metadata(self, _request: Any) -> dict[str, Any]:  # noqa: N802
        topic, broker = MetadataResponse.MetadataResponseTopic, MetadataResponse.MetadataResponseBroker
        partition = topic.MetadataResponsePartition(
            partition_index=0, replica_nodes=[0], **(LED if self.leads else LEADERLESS)
        )
        self.told.add(self.advertised)
        self.asked_for_leaders += 1
        return {
            "brokers": [broker(node_id=0, host=self.host, port=self.advertised, rack=None)],
            "cluster_id": "one",
            "controller_id": 0,
            "topics": [
                topic(error_code=0, name=TOPIC, is_internal=False, partitions=[partition])
                if self.has_topic
                else topic(error_code=3, name=TOPIC, is_internal=False, partitions=[])
            ],
        }

    def _FindCoordinator(self, _request: Any) -> dict[str, Any]:  # noqa: N802
        return {"error_code": 0, "error_message": "", "node_id": 0, "host": self.host, "port": self.advertised}

    def _JoinGroup(self, request: Any) -> dict[str, Any]:  # noqa: N802
        asked = request.protocols[0]
        member = JoinGroupResponse.JoinGroupResponseMember(member_id=MEMBER, metadata=asked.metadata)
        return {
            "generation_id": 1,
            "protocol_name": asked.name,
            "leader": MEMBER,
            "member_id": MEMBER,
            "members": [member],
        }

    def _SyncGroup(self, request: Any) -> dict[str, Any]:  # noqa: N802
        return {"assignment": request.assignments[0].assignment if request.assignments else b""}

    def _Heartbeat(self, _request: Any) -> dict[str, Any]:  # noqa: N802
        return {}

    def _LeaveGroup(self, _request: Any) -> dict[str, Any]:  # noqa: N802
        return {}

    def _ListOffsets(self, request: Any) -> dict[str, Any]:  # noqa: N802
        topic = ListOffsetsResponse.ListOffsetsTopicResponse
        found = topic.ListOffsetsPartitionResponse(partition_index=0, error_code=0, timestamp=-1, offset=7)
        return {"topics": [topic(name=asked.name, partitions=[found]) for asked in request.topics]}

    def _OffsetFetch(self, request: Any) -> dict[str, Any]:  # noqa: N802
        topic = OffsetFetchResponse.OffsetFetchResponseTopic
        found = topic.OffsetFetchResponsePartition(partition_index=0, committed_offset=5, metadata="", error_code=0)
        return {"topics": [topic(name=asked.name, partitions=[found]) for asked in request.topics]}

    def _Fetch(self, request: Any) -> dict[str, Any]:  # noqa: N802
        topic = FetchResponse.FetchableTopicResponse
        nothing = topic.PartitionData(
            partition_index=0,
            error_code=0,
            high_watermark=7,
            last_stable_offset=7,
            aborted_transactions=[],
            records=b"",
        )
        threading.Event().wait(IDLE_FETCH)
        return {"responses": [topic(topic=asked.topic, partitions=[nothing]) for asked in request.topics]}

    def _InitProducerId(self, _request: Any) -> dict[str, Any]:  # noqa: N802
        return {"producer_id": 1}

    def _Produce(self, request: Any) -> dict[str, Any]:  # noqa: N802
        topic = ProduceResponse.TopicProduceResponse
        kept = topic.PartitionProduceResponse(index=0, error_code=0, base_offset=7, log_append_time_ms=-1)
        self.produced += 1
        return {"responses": [topic(name=asked.name, partition_responses=[kept]) for asked in request.topic_data]}


class _Connection(StreamRequestHandler):
    server: FakeBroker

    def handle(self) -> None:
        self.server.open.add(self.request)
        try:
            while size := self.rfile.read(4):
                self.wfile.write(self._answered(self.rfile.read(struct.unpack(">i", size)[0])))
        except OSError:
            pass  # the client went, or the broker restarts
        finally:
            self.server.open.discard(self.request)

    def _answered(self, data: bytes) -> bytes:
        """The framed answer to one request. A client may ask for the versions in one of its own: it is told in 0."""
        key, version, correlation = struct.unpack(">hhi", data[:8])
        kind, answer, known = REQUESTS[key]
        if version > known:
            found = answer(**(self.server.answer(ApiVersionsRequest(version=0)) | {"error_code": 35}), version=0)
        else:
            found = answer(**self.server.answer(kind.decode(data, version=version, header=True)), version=version)
        found.with_header(correlation_id=correlation)
        return bytes(found.encode(header=True, framed=True))


@contextmanager
def fake_broker() -> Iterator[FakeBroker]:
    """A broker that listens for the length of the block."""
    with FakeBroker() as broker:
        threading.Thread(target=broker.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield broker
        finally:
            broker.shutdown()
