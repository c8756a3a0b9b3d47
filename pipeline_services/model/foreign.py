"""A broker outside the cluster, such as a managed Kafka: how clients log in, and what it cannot have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.toml_table import require_one_of

if TYPE_CHECKING:
    from pipeline_services.model.component import Component

PLAINTEXT: Final = "PLAINTEXT"
SECURITY_PROTOCOLS: Final = (PLAINTEXT, "SSL", "SASL_PLAINTEXT", "SASL_SSL")
SASL_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
LAST_PORT: Final = 65_535
_OWN: Final = ("workload", "kind", "selector", "namespace", "container", "service", "headless", "volume", "autoscaler")
"""What a profile says of parts that run in the cluster."""


@dataclass(frozen=True, slots=True)
class Security:
    """How clients of a broker log in, in Kafka's own words.

    Attributes:
        protocol: ``security.protocol``. mechanism: ``sasl.mechanism``; empty where nobody logs in by SASL.
        username, password: the keys of Secrets in the pipeline's namespace that hold them.
        ca: the key with the certificate (PEM) of who vouches for the broker's; None: this machine's own list.
    """

    protocol: str = PLAINTEXT
    mechanism: str = ""
    username: SecretKey | None = None
    password: SecretKey | None = None
    ca: SecretKey | None = None

    @property
    def logs_in(self) -> bool:
        """Whether clients say who they are."""
        return self.protocol.startswith("SASL_")

    @property
    def encrypts(self) -> bool:
        """Whether connections are TLS."""
        return self.protocol.endswith("SSL")

    def require_sound(self, where: str) -> None:
        """Raise ``PreconditionNotMet`` where no client could log in by it."""
        require_one_of(f"{where}.protocol", self.protocol, SECURITY_PROTOCOLS)
        if self.logs_in:
            require_one_of(f"{where}.mechanism", self.mechanism, SASL_MECHANISMS)
        if self.logs_in and not (self.username and self.password):
            raise PreconditionNotMet(
                f"{where}: {self.protocol} wants a username and a password, each a key of a Secret"
            )
        if not self.logs_in and (self.mechanism or self.username or self.password):
            raise PreconditionNotMet(
                f"{where}: {self.protocol} takes no username, password or mechanism; SASL_SSL and SASL_PLAINTEXT do"
            )
        if self.ca and not self.encrypts:
            raise PreconditionNotMet(f"{where}: {self.protocol} shows no certificate, so ca means nothing")


def require_sound(part: Component) -> None:
    """Raise ``PreconditionNotMet`` where a part of the profile is half in the cluster and half outside."""
    where = f"components.{part.id}"
    if not part.address:
        for key in ("security", "contact"):
            if getattr(part, key):
                raise PreconditionNotMet(f"{where}.{key}: only of a broker outside the cluster, which has an address")
        if part.namespace and part.workload:
            raise PreconditionNotMet(
                f"{where}: what runs in the namespace {part.namespace} is judged there: leave out workload and kind"
            )
        return
    for address in part.addresses:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) <= LAST_PORT:
            raise PreconditionNotMet(f"{where}.address: {address!r} is no address as kafka.example.com:9092")
    own = [key for key in _OWN if getattr(part, key)]
    if own:
        raise PreconditionNotMet(f"{where}: it has an address, so it is outside the cluster and has no {own[0]}")
    if not part.contact:
        raise PreconditionNotMet(f"{where}.contact: missing; it says whom to call about what runs outside the cluster")
    if part.security:
        part.security.require_sound(f"{where}.security")
