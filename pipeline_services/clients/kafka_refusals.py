"""Why no connection to a broker comes about: the library only logs it, and says in the end that time is up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from kafka.errors import KafkaTimeoutError

from pipeline_services.model.errors import PipelineError, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.foreign import PLAINTEXT

_CUT: Final = "socket disconnected"
_NO_TLS: Final = "Handshake failed: "


@dataclass(frozen=True, slots=True)
class Ended:
    """A connection that ended with an error, and whether the broker had answered by then in Kafka's own protocol."""

    answered: bool
    error: Exception


class Attempts:
    """Notes how each connection of a client ends, as long as that is connecting."""

    def __init__(self) -> None:
        self._ended: list[Ended] = []

    def watch(self, manager: Any) -> None:
        """Note every connection that is made from now on by this part of a client."""
        connect = manager.get_connection

        def noted(*arguments: Any, **options: Any) -> Any:
            made = connect(*arguments, **options)
            made.close_future.add_errback(
                lambda error: self._ended.append(Ended(made.broker_version_data is not None, error))
            )
            return made

        manager.get_connection = noted

    @contextmanager
    def explained(self, link: Mapping[str, Any]) -> Iterator[None]:
        """Where time is up, say why no connection came about; through a port-forward nobody but the pod is asked."""
        try:
            yield
        except KafkaTimeoutError as error:
            if "proxy_url" in link or not self._ended:
                raise
            raise refusal(self._ended, link) from error


def refusal(ended: Sequence[Ended], link: Mapping[str, Any]) -> PipelineError:
    """What to say of brokers outside the cluster that none of these attempts came to; the most telling is told. Pure.

    A broker that refuses a login ends the connection along with its answer, and the library loses the answer then.

    Args:
        link: the settings of the client.
    """
    told = max(ended, key=lambda one: one.answered)
    why = str(told.error.args[0] if told.error.args else told.error)
    mechanism = link.get("sasl_mechanism")
    if told.answered and mechanism:
        return UnexpectedAnswer(
            f"kafka does not let the account log in by {mechanism}: {why}",
            next_step="compare the username and password in the Secret with those that the broker knows",
        )
    if why.startswith(_NO_TLS):
        return UnexpectedAnswer(f"no TLS with kafka: {why.removeprefix(_NO_TLS)}")
    if told.answered or why == _CUT:
        protocol = link.get("security_protocol", PLAINTEXT)
        return UnexpectedAnswer(f"kafka ends each connection by {protocol}: it may want another security.protocol")
    return ServiceUnreachable(f"kafka does not answer at {', '.join(link['bootstrap_servers'])}: {why}")
