"""What an operator is told with a finding: what it means, what to type next, where to read on, who to call.

The escalation levels are those of section 6, the runbook anchors the headings of RUNBOOK.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from pipeline_services.model.component import Component
from pipeline_services.model.pipeline import Pipeline

ESCALATE_TO: Final = "escalate to: "
"""How the line begins that says whom to call."""
CONTACT: Final = " and "
"""What stands between the level and the contact."""


class Escalation(Enum):
    """Who acts when the next command and the runbook section do not help (section 6)."""

    L1 = "L1 - Operator"
    L2 = "L2 - DevOps Engineer"
    L3 = "L3 - Platform Team"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a finding. What is empty is as the profile says of the component.

    Attributes:
        next_command: may hold the placeholders of model/commands.py.
        runbook: an anchor of RUNBOOK.md.
        level: L1, L2 or L3. contact: whom to call beside that.
    """

    component: str
    impact: str = ""
    next_command: str = ""
    runbook: str = ""
    level: str = ""
    contact: str = ""

    def but(self, *, next_command: str = "", runbook: str = "", impact: str = "", level: str = "") -> Advice:
        """The same advice with the given parts replaced."""
        return replace(
            self,
            next_command=next_command or self.next_command,
            runbook=runbook or self.runbook,
            impact=impact or self.impact,
            level=level or self.level,
        )

    def resolved(self, pipeline: Pipeline) -> Advice:
        """The advice with nothing left empty; a component that the pipeline does not have says the least."""
        part = pipeline.components.get(self.component, Component(self.component))
        return Advice(part.id, part.impact, part.first_command, part.runbook, part.escalation, part.contact).but(
            next_command=self.next_command, runbook=self.runbook, impact=self.impact, level=self.level
        )

    @property
    def escalation(self) -> Escalation:
        """Who acts when the rest does not help. Raises KeyError where the advice is not resolved."""
        return Escalation[self.level]


def whom(level: Escalation, contact: str) -> str:
    """Whom to call: the level of section 6, and who runs what is outside the cluster."""
    return f"{level.value}{CONTACT}{contact}" if contact else level.value


def advice_about(component: str) -> Advice:
    """What a finding about a component means, as its profile says; a judgement refines it with ``but``."""
    return Advice(component)


def five_lines(observed: str, threshold: str, advice: Advice, command: str) -> str:
    """The five lines that every failing check prints: what, impact, next command, runbook section, whom to call.

    Args:
        command: the advice's next command, filled in for the pipeline and its cluster.
    """
    return (
        f"{observed}; expected {threshold}\n"
        f"impact: {advice.impact}\n"
        f"next: {command}\n"
        f"runbook: RUNBOOK.md#{advice.runbook}\n"
        f"{ESCALATE_TO}{whom(advice.escalation, advice.contact)}"
    )
