"""What triage says: findings, each with its cause, its evidence and what to do; and the diagnosis that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pipeline_services.model.commands import changes
from pipeline_services.model.metrics.advice import Escalation

EXIT_HEALTHY: Final = 0
EXIT_FINDINGS: Final = 1
EXIT_UNKNOWN: Final = 2


class Confidence(StrEnum):
    """How sure a finding is: ``high`` was seen directly, ``medium`` follows from it, ``low`` is what is left over."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of the documented list (``subjects.CAUSES``).

    Attributes:
        id: short and stable; reports and the matrix name it.
        title: what is wrong, in a few words for a person.
        escalation: section 6's level that can act on it when the steps do not help.
        runbook: the anchor in RUNBOOK.md.
        heals_within: seconds within which it heals by itself; None where it needs action.
        steps: commands to paste, in order, with the placeholders of ``model.commands``.
        undo: the command that takes the steps back; empty where there is nothing to take back.
        afterwards: what to see once it is resolved.
        others: what the steps take away may be somebody's, who has to be asked.
        restored: what ``make up`` does about it, where that is more than to put back what is declared.
        symptomatic: it is a symptom of another cause, and is left out beside one that explains it.
    """

    id: str
    title: str
    escalation: Escalation
    runbook: str
    heals_within: float | None = None
    steps: tuple[str, ...] = ()
    undo: str = ""
    afterwards: str = ""
    restored: str = ""
    others: bool = False
    symptomatic: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        component: whose it is, one of the components of daily.json.
        subject: the object concerned (``deployment/producer``), or empty.
        summary: the one sentence that an operator reads first.
        since: when it began, epoch seconds; None where it is not known.
        evidence: what was seen, a line each, the strongest first.
        against: what was seen that does not fit.
        affects: the components that suffer from it, itself included.
        next: the commands to paste, filled in; ``undo`` takes them back; ``afterwards`` is what it looks like then.
        self_healing: overrides the cause's own answer where this instance no longer heals.
        blocks: no pod can start while it lasts, so whatever else has to be put right waits for it.
        heals_within: overrides the cause's seconds.
        contact: whom to call beside the cause's level; empty for what is in the cluster.
    """

    cause: Cause
    component: str
    summary: str
    subject: str = ""
    since: float | None = None
    confidence: Confidence = Confidence.HIGH
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    affects: frozenset[str] = frozenset()
    next: tuple[str, ...] = ()
    undo: str = ""
    afterwards: str = ""
    self_healing: bool = False
    blocks: bool = False
    heals_within: float | None = None
    contact: str = ""

    @property
    def mends(self) -> bool:
        """Whether one of its commands changes something."""
        return any(map(changes, self.next))

    @property
    def limit(self) -> float | None:
        """Seconds within which it heals by itself, where that is known."""
        return self.heals_within or self.cause.heals_within

    @property
    def sentence(self) -> str:
        """The summary behind the component's name, which some summaries begin with themselves."""
        return self.summary.removeprefix(f"{self.component}: ")

    def to_dict(self) -> dict[str, Any]:
        """The finding as triage.json has it."""
        return {
            "component": self.component,
            "cause": self.cause.id,
            "subject": self.subject,
            "summary": self.summary,
            "since": None if self.since is None else datetime.fromtimestamp(self.since, UTC).isoformat("T", "seconds"),
            "self_healing": self.self_healing,
            "heals_within_seconds": self.limit if self.self_healing else None,
            "confidence": self.confidence.value,
            "evidence": list(self.evidence),
            "against": list(self.against),
            "next": list(self.next),
            "undo": self.undo,
            "afterwards": self.afterwards,
            "escalation": self.cause.escalation.name,
            **({"contact": self.contact} if self.contact else {}),
            "runbook": f"RUNBOOK.md#{self.cause.runbook}",
        }


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A check that could not be made: its id, its component and why."""

    check: str
    component: str
    why: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one look at the pipeline came to.

    Attributes:
        taken_at: when the evidence was taken, epoch seconds.
        findings: upstream causes first; never two for one thing.
        red: the checks that failed, with the first line of what each said.
        unanswered: the checks that could not be made and that no finding explains.
    """

    taken_at: float
    context: str
    namespace: str
    findings: tuple[Finding, ...] = ()
    red: Mapping[str, str] = field(default_factory=dict)
    unanswered: tuple[Unanswered, ...] = ()

    @property
    def healthy(self) -> bool:
        """Nothing is wrong, and every check had an answer."""
        return not self.findings and not self.unanswered

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 findings, 2 could not know."""
        if self.findings:
            return EXIT_FINDINGS
        return EXIT_UNKNOWN if self.unanswered else EXIT_HEALTHY

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as triage.json has it."""
        return {
            "healthy": self.healthy,
            "taken_at": datetime.fromtimestamp(self.taken_at, UTC).isoformat("T", "seconds"),
            "context": self.context,
            "namespace": self.namespace,
            "findings": [finding.to_dict() for finding in self.findings],
            "unanswered": [
                {"check": one.check, "component": one.component, "message": one.why} for one in self.unanswered
            ],
        }
