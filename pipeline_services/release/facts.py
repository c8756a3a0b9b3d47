"""What has to be so of a candidate whatever any measurement says: each fact with its words, in one table. Pure.

A fact that could not be seen is unknown, which is neither good nor bad: an absent series is not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

READY_WITHIN_S: Final = 60.0
STOPPED_WITHIN_S: Final = 10.0
"""Seconds after SIGTERM; the pod has 20 until it is killed."""
NOT_MEASURED: Final = "not measured: the run ended before"
"""What is said of a fact that was never reached; another one tells why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The words of a fact: a short title, what has to be so, and the same where it is not so."""

    id: str
    title: str
    what: str
    otherwise: str


_READY, _STOPPED = f"ready within {READY_WITHIN_S:g} s", f"within {STOPPED_WITHIN_S:g} s of SIGTERM"
PROCESSOR: Final = (
    Statement("ready", "Ready in time", f"the pod is {_READY}", f"the pod is not {_READY}"),
    Statement("restarts", "No restart", "no container was started again", "a container was started again"),
    Statement(
        "lost",
        "No reading lost",
        "no acknowledged reading is missing in the store",
        "acknowledged readings are missing in the store",
    ),
    Statement(
        "unexpected",
        "Nothing unexpected stored",
        "nothing is stored that was never sent",
        "readings are stored that were never sent",
    ),
    Statement(
        "corrupt",
        "Nothing stored corrupt",
        "nothing is stored with another content",
        "readings are stored with another content",
    ),
    Statement(
        "stored-points",
        "Same points stored",
        "both versions store the same points",
        "the versions do not store the same points",
    ),
    Statement(
        "field-types",
        "Same field types",
        "both versions write fields of the same types",
        "the versions write fields of different types",
    ),
    Statement(
        "series",
        "Same metrics",
        "the metrics show all that the baseline's show",
        "the metrics do not show all that the baseline's show",
    ),
    Statement("error-counters", "No error counted", "the counters of errors stay 0", "errors were counted"),
    Statement(
        "log-errors",
        "No new error logged",
        "the log has no error that the baseline's has not",
        "the log has errors that the baseline's has not",
    ),
    Statement("stops", "Ends on SIGTERM", f"the pod ends {_STOPPED}", f"the pod does not end {_STOPPED}"),
)
"""Of the processor, in the order in which they are told."""
PRODUCER: Final = (
    Statement(
        "producer-ready",
        "Producer: ready in time",
        f"the producer's pod is {_READY}",
        f"the producer's pod is not {_READY}",
    ),
    Statement(
        "producer-restarts",
        "Producer: no restart",
        "no container of the producer was started again",
        "a container of the producer was started again",
    ),
    Statement(
        "producer-numbers",
        "Producer: no number missing",
        "the topic has every number of the producer's readings",
        "the topic has not every number of the producer's readings",
    ),
    Statement(
        "producer-rate",
        "Producer: same rate",
        "the producer sends as many readings a second",
        "the producer does not send as many readings a second",
    ),
    Statement(
        "producer-series",
        "Producer: same metrics",
        "the producer's metrics show all that the baseline's show",
        "the producer's metrics do not show all that the baseline's show",
    ),
    Statement(
        "producer-log-errors",
        "Producer: no new error logged",
        "the producer's log has no error that the baseline's has not",
        "the producer's log has errors that the baseline's has not",
    ),
    Statement(
        "producer-stops",
        "Producer: ends on SIGTERM",
        f"the producer ends {_STOPPED}",
        f"the producer does not end {_STOPPED}",
    ),
)
"""Of the producer, in the order in which they are told."""
ROUNDS: Final = Statement(
    "rounds",
    "Every round complete",
    "each round of the candidate stores every reading",
    "a round of the candidate does not store every reading",
)
ROLLED_OUT: Final = (
    Statement(
        "rollout-ready",
        "Roll-out completes",
        "the roll-out under load completes",
        "the roll-out under load does not complete",
    ),
    Statement(
        "rollout-restarts",
        "No restart under load",
        "no container of the candidate was started again under load",
        "a container of the candidate was started again under load",
    ),
    Statement(
        "rollout-ledger",
        "Nothing lost under load",
        "nothing is lost, unexpected or corrupt from before the roll-out until after the roll back",
        "readings are lost, unexpected or corrupt from before the roll-out until after the roll back",
    ),
    Statement(
        "rollout-gap",
        "Readings keep being stored",
        "readings go on being stored during the roll-out and the roll back",
        "readings are not stored for too long during the roll-out and the roll back",
    ),
    Statement(
        "rollback",
        "Roll back works",
        "the baseline is back, and reads what the candidate stored",
        "the baseline is not back, or does not read what the candidate stored",
    ),
)
"""Of the roll-out and the roll back."""
SCENARIOS: Final = Statement(
    "scenarios",
    "Recovers from failures",
    "the candidate recovers from the failures of the resilience test",
    "the candidate does not recover from the failures of the resilience test",
)
RESTORED: Final = Statement(
    "restored", "Cluster as before", "the namespace is as it was before", "the namespace is not as it was before"
)
BESIDE: Final = (*PROCESSOR, *PRODUCER, ROUNDS)
"""What is seen of the candidate beside the pipeline."""
IN_PLACE: Final = (*ROLLED_OUT, SCENARIOS, RESTORED)
"""What is seen of it in the pipeline's place, and after that."""
STATEMENTS: Final = {one.id: one for one in (*BESIDE, *IN_PLACE)}
"""All, by id, in the order in which they are told: a go needs each."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What was seen of a statement.

    Attributes:
        holds: None where it is not known.
        seen: in words.
        measured: whether the run came to it.
    """

    id: str
    holds: bool | None
    seen: str
    measured: bool = True

    @classmethod
    def not_measured(cls, statement: str) -> Fact:
        """That of a statement (its id) to which the run did not come."""
        return cls(statement, None, NOT_MEASURED, measured=False)

    @property
    def words(self) -> Statement:
        return STATEMENTS[self.id]

    @property
    def short(self) -> str:
        """How it is, without what was seen."""
        if self.holds is None:
            return f"not known whether {self.words.what}"
        return self.words.what if self.holds else self.words.otherwise

    @property
    def line(self) -> str:
        """For a list: how it is in a word, then in full."""
        word = {True: "ok", False: "FAILED", None: "unknown" if self.measured else "-"}[self.holds]
        return f"{word:<8} {self}"

    def __str__(self) -> str:
        return f"{self.short}: {self.seen}" if self.measured else f"{self.words.title}: {NOT_MEASURED}"
