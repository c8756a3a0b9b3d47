"""Sets of ports of all protocols, so that what rules open is joined, met and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pipeline_services.model.flows import LAST_PORT, PROTOCOLS

_SPAN: Final = LAST_PORT + 1


@dataclass(frozen=True, slots=True)
class Ports:
    """A set of ports, each a bit of one number. In words: ``9092``, ``53 (UDP)``, ``8000-8099``, ``all ports``."""

    bits: int = field(default=0, repr=False)

    @classmethod
    def of(cls, protocol: str, first: int = 1, last: int = LAST_PORT) -> Ports:
        """The ports ``first`` to ``last`` of a protocol; all of them where neither is given."""
        return cls(((1 << (last - first + 1)) - 1) << (PROTOCOLS.index(protocol) * _SPAN + first))

    @classmethod
    def joined(cls, some: Iterable[Ports]) -> Ports:
        """All ports of several sets."""
        bits = 0
        for one in some:
            bits |= one.bits
        return cls(bits)

    def __or__(self, other: Ports) -> Ports:
        return Ports(self.bits | other.bits)

    def __and__(self, other: Ports) -> Ports:
        return Ports(self.bits & other.bits)

    def __sub__(self, other: Ports) -> Ports:
        return Ports(self.bits & ~other.bits)

    def __bool__(self) -> bool:
        return bool(self.bits)

    def __str__(self) -> str:
        return "all ports" if self == ALL_PORTS else ", ".join(self._ranges())

    def _ranges(self) -> Iterator[str]:
        for place, protocol in enumerate(PROTOCOLS):
            left = self.bits >> (place * _SPAN) & ((1 << _SPAN) - 1)
            if left == ALL_TCP.bits:
                yield f"all ports ({protocol})"
                continue
            while left:
                first = (left & -left).bit_length() - 1
                run = left >> first
                last = first + (~run & (run + 1)).bit_length() - 2
                yield (f"{first}" if first == last else f"{first}-{last}") + ("" if place == 0 else f" ({protocol})")
                left &= ~Ports.of("TCP", first, last).bits


ALL_TCP: Final = Ports.of("TCP")
ALL_PORTS: Final = Ports.joined(Ports.of(protocol) for protocol in PROTOCOLS)
