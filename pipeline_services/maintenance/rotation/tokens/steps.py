"""Which step of the rotation of tokens comes next, from what InfluxDB, the Secrets and the pods show. Pure.

All tokens go through a step before any goes on to the next one. So a token that stands alone has not begun while
another has a second that is not handed out yet, and is done while another is being deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline_services.model.errors import PreconditionNotMet


class Step(StrEnum):
    """The steps in their order."""

    MAKE = "make"
    HAND_OUT = "hand out"
    TAKE_UP = "take up"
    DEACTIVATE = "deactivate"
    DELETE = "delete"


STEPS: Final = tuple(Step)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as InfluxDB knows it: when it was made (epoch seconds), and whether it is accepted."""

    id: str
    made_at: float
    active: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A key of a Secret, with all tokens that InfluxDB has for it.

    Attributes:
        name: as a message has it, ``secret/key``.
        held: the id of the token that the Secret holds; empty where InfluxDB does not know it.
        tokens: those of the same description and rights.
        behind: the pods that still have another value.
    """

    name: str
    held: str
    tokens: tuple[Token, ...]
    behind: tuple[str, ...] = ()

    @property
    def newest(self) -> Token | None:
        """The youngest that is accepted: what the Secret is to hold."""
        return max((one for one in self.tokens if one.active), key=lambda one: (one.made_at, one.id), default=None)

    @property
    def others(self) -> list[Token]:
        """All but the one that the Secret holds."""
        return [one for one in self.tokens if one.id != self.held]

    @property
    def is_alone(self) -> bool:
        """One token, accepted and held: nothing has begun, or all is done."""
        return len(self.tokens) == 1 and self.is_handed_out

    @property
    def is_handed_out(self) -> bool:
        """The Secret holds the youngest accepted one."""
        return self.newest is not None and self.newest.id == self.held


def next_step(places: Sequence[Place]) -> Step | None:
    """The first step that is not done everywhere; None where no rotation is under way.

    Raises:
        PreconditionNotMet: a Secret holds what InfluxDB does not know or accept, and there is nothing to replace it.
    """
    for place in places:
        require_known(place)
    pending = [place for place in places if not place.is_handed_out]
    begun = [place for place in places if place.is_handed_out and not place.is_alone]
    if pending and not begun and any(place.is_alone for place in places):
        return Step.MAKE
    if pending:
        return Step.HAND_OUT
    if any(place.behind for place in places):
        return Step.TAKE_UP
    if any(other.active for place in places for other in place.others):
        return Step.DEACTIVATE
    return Step.DELETE if any(place.others for place in places) else None


def require_known(place: Place) -> None:
    """InfluxDB knows the token that the Secret holds, and accepts one for that place.

    Raises:
        PreconditionNotMet: it does not.
    """
    if not place.held:
        raise PreconditionNotMet(f"InfluxDB does not know the token in {place.name}", next_step="make up")
    if place.newest is None:
        raise PreconditionNotMet(f"InfluxDB accepts no token for {place.name}", next_step="make up")
