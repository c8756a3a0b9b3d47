"""What is known to fail and is let pass until a day: a debt with a reason and somebody who owns it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pipeline_services.model.errors import PreconditionNotMet


@dataclass(frozen=True, slots=True)
class Exemption:
    """A check, or one of its cases, that may fail.

    Attributes:
        check: the id, as reports have it: ``test_pods_ready[kafka]``, or ``test_pods_ready`` for all its cases.
        reason: why it fails and why that is borne.
        owner: who is going to change that.
        until: the last day on which it is let pass, in UTC: 2027-01-31.
    """

    check: str
    reason: str
    owner: str
    until: str

    def require_sound(self) -> None:
        """Raise ``PreconditionNotMet`` where the reason, the owner or the day says nothing."""
        for key, value in (("reason", self.reason), ("owner", self.owner)):
            if not value.strip():
                raise PreconditionNotMet(f"exemptions: {self.check} has no {key}")
        try:
            date.fromisoformat(self.until)
        except ValueError:
            raise PreconditionNotMet(
                f"exemptions: {self.check} is let pass until {self.until!r}, which is no day as 2026-12-31"
            ) from None

    def names(self, case_id: str) -> bool:
        """Whether the case is meant."""
        return self.check in (case_id, case_id.partition("[")[0])

    def is_over(self, at: float) -> bool:
        """Whether its last day is over (``at`` in epoch seconds)."""
        return datetime.fromtimestamp(at, UTC).date() > date.fromisoformat(self.until)

    def __str__(self) -> str:
        return f"until {self.until}, {self.owner}: {self.reason}"


def exemption_of(exemptions: Iterable[Exemption], case_id: str, at: float) -> Exemption | None:
    """The exemption that lets a case pass at that moment (epoch seconds); None where none does."""
    return next((one for one in exemptions if one.names(case_id) and not one.is_over(at)), None)
