"""A run whose cases say less than what they add up to: its verdict in words, and the place of each case on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline_services.reporting.run.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands on the page: its group, whose name sorts, its title, and what was found out."""

    group: str
    title: str
    told: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A run's verdict in words of its own.

    Attributes:
        outcome: what the cases of such a run add up to.
        heading: the verdict and why, in one line. title: the same without why.
        lines: what stands above it on the terminal, in place of what each case found.
        places: by case where it stands on the page.
        banner: HTML that stands above all else there.
    """

    outcome: Outcome
    heading: str
    title: str
    lines: Sequence[str]
    places: Mapping[str, Place]
    banner: str = ""


@dataclass(slots=True)
class Noted:
    """What is noted of a run beside its cases, while it has the cluster.

    Attributes:
        kubernetes: the version of the cluster; empty where it is not known.
    """

    kubernetes: str = ""
    shown: Shown | None = None

    def keep_to(self, outcome: Outcome) -> None:
        """Forget the words of a verdict that is not what the cases add up to: some were not run, or could not be."""
        if self.shown and self.shown.outcome is not outcome:
            self.shown = None

    def verdict(self, where: str) -> str:
        """The verdict in its own words, and of which cluster; empty where it has none."""
        return f"{self.shown.heading}; {where}" if self.shown else ""
