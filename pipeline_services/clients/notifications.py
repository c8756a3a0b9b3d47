"""Sends a text to one receiver by its address: mail, chat, webhook, whatever apprise knows."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pipeline_services.model.errors import PreconditionNotMet

SEND_WITHIN_S: Final = 30.0
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, repr=False)
class Receiver:
    """Somebody to be told. ``address`` is secret; it is in no ``repr``, ``name`` or ``id``.

    Attributes:
        name: the address without what is secret in it.
    """

    address: str
    name: str

    @classmethod
    def of(cls, addresses: str) -> list[Receiver]:
        """The receivers of some addresses with white space between them, each once.

        Raises:
            PreconditionNotMet: one of them is none that apprise knows; it is named by its place only.
        """
        words = list(dict.fromkeys(addresses.split()))
        return [cls(word, _name(word, f"address {number} of {len(words)}")) for number, word in enumerate(words, 1)]

    @property
    def id(self) -> str:
        """What tells it from other receivers, in files."""
        return sha256(self.address.encode()).hexdigest()[:_DIGITS]

    def send(self, title: str, body: str) -> bool:
        """Whether the receiver took it, within 30 seconds; what nobody took was not sent."""
        from apprise import Apprise  # noqa: PLC0415 - most runs tell nobody anything

        sender = Apprise()
        sender.add(self.address)
        return bool(sender.notify(title=title, body=body, body_format="text", timeout=SEND_WITHIN_S))


def _name(address: str, place: str) -> str:
    from apprise import Apprise  # noqa: PLC0415

    receiver = Apprise.instantiate(address)
    if receiver is None:
        raise PreconditionNotMet(
            f"{place} is not an address that can be notified", next_step="see apprise's list of addresses"
        )
    return str(receiver.url(privacy=True)).partition("?")[0]
