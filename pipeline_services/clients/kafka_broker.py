"""Kafka, read only: topics, the consumer group, committed and end offsets. No topic is ever made by asking."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any, Final, Self
from urllib.parse import urlparse

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
from kafka.errors import (
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.protocol.admin import DescribeClientQuotasRequest

from pipeline_services.clients.kafka_refusals import Attempts
from pipeline_services.model.errors import AccessDenied, NoData, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.offsets import Offsets

TIMEOUT_MS: Final = 6_000
Link = int | Mapping[str, Any]
"""Where brokers are: a local port that leads to them, or settings as kafka-python takes them."""
_QUICKLY: Final = {"reconnect_backoff_max_ms": 500}
_SELDOM: Final = {"reconnect_backoff_ms": 2_000, "reconnect_backoff_max_ms": 4_000}
"""How soon a connection is tried again; a broker outside the cluster may lock an account that fails to log in often."""
_SCHEME: Final = "forward"
_OWN: Final = "DYNAMIC_TOPIC_CONFIG"
_OF_BROKER: Final = "DYNAMIC_BROKER_CONFIG"
_OF_ALL: Final = "DYNAMIC_DEFAULT_BROKER_CONFIG"
_OF_FILE: Final = "STATIC_BROKER_CONFIG"

# What goes wrong is raised; without this it would be told on the terminal as well.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


class _ForwardedSocket(KafkaNetSocket):  # type: ignore[misc]
    """Leads every broker address to the one local port that stands in the proxy URL.

    The broker tells clients the address it has inside the cluster, which means nothing out here.
    """

    SCHEMES = (_SCHEME,)

    def __init__(self, proxy_url: str) -> None:
        super().__init__(proxy_url)
        parsed = urlparse(proxy_url)
        self._address = (str(parsed.hostname), int(parsed.port or 0))

    def dns_lookup(self, _host: str, _port: int, raise_error: bool = False) -> list[Any]:  # noqa: ARG002
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", self._address)]


def through(port: int) -> dict[str, str]:
    """The settings that make any client of kafka-python reach the brokers through this local port."""
    address = f"127.0.0.1:{port}"
    return {"bootstrap_servers": address, "proxy_url": f"{_SCHEME}://{address}"}


def link_of(where: Link) -> dict[str, Any]:
    """The settings that make any client of kafka-python reach the brokers there."""
    return through(where) if isinstance(where, int) else dict(where)


def _is_one_outside(link: Mapping[str, Any]) -> bool:
    """Whether there is one address alone, and that outside the cluster: of several the next one is tried soon."""
    return "proxy_url" not in link and len(link["bootstrap_servers"]) == 1


class KafkaBroker:
    """Asks the brokers through a local port, or at addresses of their own. Use it as a context manager.

    Raises:
        ServiceUnreachable: on entering, when no broker answers within 6 s.
        UnexpectedAnswer: on entering, when one outside the cluster refuses the login, or there is no TLS with it.
    """

    def __init__(self, where: Link, request_ms: int = TIMEOUT_MS) -> None:
        self._link = link_of(where)
        self._request_ms = request_ms
        self._admin: Any = None

    def __enter__(self) -> Self:
        attempts = Attempts()
        with translated("connect to", "kafka"), attempts.explained(self._link), ExitStack() as unless_connected:

            def client(**configs: Any) -> Any:
                made = KafkaNetClient(**configs)
                unless_connected.callback(made._net.stop)  # an admin that fails to start forgets its thread
                unless_connected.callback(made.close)
                attempts.watch(made._manager)
                return made

            self._admin = KafkaAdminClient(
                kafka_client=client,
                **self._link,
                bootstrap_timeout_ms=TIMEOUT_MS,
                request_timeout_ms=self._request_ms,
                **(_SELDOM if _is_one_outside(self._link) else _QUICKLY),
            )
            unless_connected.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._admin.close()

    def require_let_in(self) -> None:
        """Connect and leave again; raises as entering does."""
        with self:
            return

    def cluster_id(self) -> str:
        """What tells this Kafka cluster from another; it is written on the volume when that is formatted."""
        with translated("describe", "the cluster"):
            described = self._admin.describe_cluster()
        return str(described["cluster_id"])

    def addresses(self) -> list[str]:
        """The address that each broker tells its clients: ``host:port``, in the order of the brokers."""
        with translated("describe", "the cluster"):
            brokers = self._admin.describe_cluster()["brokers"]
        return [f"{one['host']}:{one['port']}" for one in sorted(brokers, key=lambda one: one["broker_id"])]

    def topics(self) -> dict[str, list[dict[str, Any]]]:
        """The partitions of each topic of ours, with leader (None: none), in-sync and all replicas."""
        with translated("describe", "topics"):
            described = self._admin.describe_topics()
        return {
            str(topic["name"]): sorted(
                (_partition(known) for known in topic["partitions"]), key=lambda p: p["partition"]
            )
            for topic in described
            if not topic["is_internal"]
        }

    def internal_topics(self) -> list[str]:
        """The topics that the brokers keep for themselves and that there are by now, such as that of the offsets."""
        with translated("describe", "topics"):
            return sorted(str(topic["name"]) for topic in self._admin.describe_topics() if topic["is_internal"])

    def settings(self, topics: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """What is in force for each topic: a setting's value, and whether it is the topic's own or the broker's."""
        wanted = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        with translated("describe the settings of", "topics"):
            described = self._admin.describe_configs(wanted, config_filter="all").get("topic", {})
        return {
            str(topic): {
                str(key): {"value": known["value"], "own": known["config_source"] == _OWN}
                for key, known in found.items()
            }
            for topic, found in described.items()
        }

    def set_at_run_time(self) -> list[dict[str, str]]:
        """What was set beside the brokers' files: ``key``, ``value``, and the id of the ``broker``; "": of each.

        Of brokers the library's "modified" leaves out just these.
        """
        found = {
            (broker if known["config_source"] == _OF_BROKER else "", key): str(known["value"])
            for broker, key, known in self._of_brokers
            if known["config_source"] in (_OF_BROKER, _OF_ALL)
        }
        return [{"broker": broker, "key": key, "value": value} for (broker, key), value in sorted(found.items())]

    def read_at_start(self) -> list[dict[str, str]]:
        """What each broker has from the file that it was started with: ``broker`` (its id), ``key`` and ``value``;
        passwords, which brokers do not tell, are left out.
        """
        return [
            {"broker": broker, "key": key, "value": str(known["value"])}
            for broker, key, known in self._of_brokers
            if known["config_source"] == _OF_FILE and known["value"] is not None
        ]

    @cached_property
    def _of_brokers(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Every setting that is in force, by broker and key; asked for once, as there are hundreds."""
        with translated("describe the settings of", "brokers"):
            ids = [str(one["broker_id"]) for one in self._admin.describe_cluster()["brokers"]]
            wanted = [ConfigResource(ConfigResourceType.BROKER, one) for one in ids]
            described = self._admin.describe_configs(wanted, config_filter="all").get("broker", {})
        return [(str(one), str(key), known) for one, settings in described.items() for key, known in settings.items()]

    def quotas(self) -> list[dict[str, Any]]:
        """Every limit on clients: for whom (``None``: whoever of that type has none of its own), and its values."""
        with translated("describe", "quotas"):
            answer = self._asked(DescribeClientQuotasRequest(components=[], strict=False))
            if answer.error_code:
                raise for_code(answer.error_code)(answer.error_message)
        return [
            {
                "for": {str(one.entity_type): one.entity_name for one in entry.entity},
                "limits": {str(one.key): float(one.value) for one in entry.values},
            }
            for entry in answer.entries or ()
        ]

    def _asked(self, request: Any) -> Any:
        """The answer to a request that the admin client has no method for."""
        manager = self._admin._manager

        async def answer() -> Any:
            return await manager.send(request)

        return manager.run(answer)

    def sizes(self) -> dict[str, int]:
        """Bytes on the brokers' disks by topic, the internal ones too, all partitions and replicas together."""
        found: dict[str, int] = {}
        with translated("describe the files of", "topics"):
            for folder in (folder for broker in self._admin.describe_log_dirs() for folder in broker["log_dirs"]):
                for topic in folder["topics"]:
                    size = sum(int(partition["partition_size"]) for partition in topic["partitions"])
                    found[str(topic["name"])] = found.get(str(topic["name"]), 0) + size
        return found

    def group(self, group: str) -> dict[str, Any]:
        """State and members of a consumer group, ``Dead`` if there is none; a member's partitions: ``topic/number``."""
        with translated("describe", f"group {group}"):
            described = self._admin.describe_groups([group]).get(group)
        if described is None or f"[Error {GroupIdNotFoundError.errno}]" in (described["error"] or ""):
            return {"state": "Dead", "members": []}
        if described["error"]:
            raise UnexpectedAnswer(f"kafka does not describe the group {group}: {described['error']}")
        return {"state": described["group_state"], "members": [_member(known) for known in described["members"]]}

    def offsets(self, group: str, topic: str, partitions: list[int]) -> Offsets:
        """What the group has committed and where the topic ends. Raises NoData where the topic has no partition."""
        wanted = [TopicPartition(topic, number) for number in partitions]
        if not wanted:
            raise NoData(f"kafka has no topic {topic}")
        with translated("read offsets of", f"{topic} and {group}"):
            at = time.time()
            committed = self._admin.list_group_offsets({group: wanted}).get(group, {})
            end = self._admin.list_partition_offsets(dict.fromkeys(wanted, OffsetSpec.LATEST), timeout_ms=TIMEOUT_MS)
        return Offsets(
            at=at,
            committed={tp.partition: known.offset if known.offset >= 0 else None for tp, known in committed.items()},
            end={tp.partition: known.offset for tp, known in end.items()},
        )


def _partition(known: Mapping[str, Any]) -> dict[str, Any]:
    leader = known["leader_id"]
    return {
        "partition": known["partition_index"],
        "leader": leader if leader >= 0 else None,
        "isr": list(known["isr_nodes"]),
        "replicas": list(known["replica_nodes"]),
    }


def _member(known: Mapping[str, Any]) -> dict[str, Any]:
    assignment = known.get("member_assignment") or {}
    topics = assignment.get("assigned_partitions", ()) if isinstance(assignment, Mapping) else ()
    held = [f"{topic['topic']}/{number}" for topic in topics for number in topic["partitions"]]
    return {"id": known["member_id"], "host": str(known["client_host"]).lstrip("/"), "partitions": sorted(held)}


@contextmanager
def translated(verb: str, what: str) -> Iterator[None]:
    """The one place where an exception of kafka-python becomes one of ours."""
    try:
        yield
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError) as error:
        raise AccessDenied(verb, what) from error
    except KafkaError as error:
        if error.retriable:
            raise ServiceUnreachable(f"kafka does not answer to {verb} {what}: {error}") from error
        raise UnexpectedAnswer(f"kafka does not {verb} {what}: {error}") from error
    except OSError as error:
        raise ServiceUnreachable(f"kafka cannot be reached: {error}") from error
