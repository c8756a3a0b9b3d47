"""What a consumer group has committed of a topic, where the topic ends, and the lag between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Offsets:
    """Committed and end offsets at one moment (epoch seconds), by partition; None was never committed."""

    at: float
    committed: Mapping[int, int | None]
    end: Mapping[int, int]

    @property
    def lag(self) -> int:
        """How many records the group has not committed; what was never committed counts from the first record on."""
        return sum(end - (self.committed.get(number) or 0) for number, end in self.end.items())

    def past(self, earlier: Offsets) -> bool:
        """Whether all that each partition held earlier is committed by now, and the topic holds newer records."""
        done = all((self.committed.get(number) or 0) >= end for number, end in earlier.end.items())
        return done and sum(self.end.values()) > sum(earlier.end.values())

    @classmethod
    def of(cls, sample: Mapping[str, Any]) -> Offsets:
        """The offsets that ``to_dict`` wrote, as a snapshot has them."""
        known = {int(number): entry for number, entry in sample["partitions"].items()}
        committed = {number: entry["committed"] for number, entry in known.items()}
        return cls(float(sample["at"]), committed, {number: entry["end"] for number, entry in known.items()})

    def to_dict(self) -> dict[str, Any]:
        """As a snapshot keeps them."""
        partitions = {
            str(number): {"committed": self.committed.get(number), "end": end} for number, end in self.end.items()
        }
        return {"at": self.at, "partitions": partitions}
