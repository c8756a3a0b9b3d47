"""Section 9 as data: what looks like a fault and is none, with the reason and when that stops being true.

Keep it strict: an entry names its component and its words, and either expires on a day or says which change ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from pipeline_services.model import roles

Source = Literal["logs", "events"]


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """Something that is seen and is not a fault.

    Attributes:
        id: short and stable; reports name it.
        source: where it is seen; an event is matched as ``<reason>: <message>``.
        component: whose it is; empty where every component has it.
        pattern: a regular expression that the line or the event contains.
        impact: what an operator notices of it.
        reason: why it is no fault.
        ends: the change that makes this entry wrong.
        may_recur: whether the weekly review tolerates it when it comes again and again.
        expires: the day from which on it counts as a fault; None where ``ends`` alone decides.
    """

    id: str
    source: Source
    component: str
    pattern: str
    impact: str
    reason: str
    ends: str
    may_recur: bool = True
    expires: date | None = None

    def covers(self, source: Source, component: str, text: str, now: float) -> bool:
        """Whether ``text``, seen in ``source`` of ``component`` at ``now`` (epoch seconds), is this issue."""
        if self.expires and datetime.fromtimestamp(now, UTC).date() >= self.expires:
            return False
        concerned = self.source == source and self.component in ("", component)
        return concerned and re.search(self.pattern, text) is not None


KNOWN_ISSUES: Final = (
    KnownIssue(
        id="self-signed-certificate",
        source="logs",
        component=roles.PROCESSOR,
        pattern=r"InsecureRequestWarning",
        impact="a warning in the log, nothing else",
        reason="section 9, issue 1: the store's certificate is not signed by a public authority",
        ends="a certificate signed by a known authority, which production needs",
        expires=date(2027, 6, 30),
    ),
    KnownIssue(
        id="kafka-rebalance",
        source="logs",
        component=roles.PROCESSOR,
        pattern=r"(?i)\(?re-\)?joining group|rebalanc|heartbeat failed|CommitFailedError|REBALANCE_IN_PROGRESS",
        impact="consumption pauses for 5-10 s",
        reason="section 9, issue 2: members join and leave whenever processors start, stop or scale",
        ends="the next-generation rebalance protocol (KIP-848) in the client",
    ),
    KnownIssue(
        id="late-own-heartbeat",
        source="logs",
        component=roles.KAFKA,
        pattern=r"processExpiredBrokerHeartbeat: controller event queue overloaded"
        r"|Exceptionally slow controller event"
        r"|Failed to load metadata from __consumer_offsets-\d+ .*NotLeaderOrFollower",
        impact="sends and commits wait for some seconds and are then tried again",
        reason="the only broker is its own controller: short of CPU it takes its heartbeat late, fences itself and "
        "registers anew at once; where that lasts, the checks of the topics, the group, the lag and the rates find it",
        ends="a second broker, or a longer broker.session.timeout.ms",
    ),
    KnownIssue(
        id="batch-out-of-order",
        source="logs",
        component=roles.KAFKA,
        pattern=r"OutOfOrderSequenceException",
        impact="a batch is refused and sent again in its turn",
        reason="several batches were under way when their connection broke, and a later one came back first; the "
        "producer keeps what is not acknowledged, and where that lasts the checks of its rate find it",
        ends="a producer with one batch under way at a time",
    ),
    KnownIssue(
        id="hpa-metrics-lag",
        source="events",
        component="hpa",
        pattern=r"FailedGetResourceMetric.*(did not receive metrics|no metrics returned|unready)",
        impact="scaling decides 15-30 s late",
        reason="section 9, issue 3: pods that have just started have no figures yet",
        ends="a metrics pipeline faster than its 15 s rounds",
    ),
    KnownIssue(
        id="endpoint-race",
        source="events",
        component="",
        pattern=r"^FailedToUpdateEndpoint(Slices?)?: .*(the object has been modified|not found)",
        impact="none: the controller tries again at once",
        reason="two controllers wrote the same object; the endpoints themselves are judged by their own checks",
        ends="a Kubernetes without the race",
    ),
    KnownIssue(
        id="service-ip-repair",
        source="events",
        component="",
        pattern=r"^ClusterIPNotAllocated: .*repairing",
        impact="none: the Service keeps its address",
        reason="the API server looked over all addresses while the Service was made; it enters the address itself",
        ends="a Kubernetes without the race",
    ),
    KnownIssue(
        id="probe-blip",
        source="events",
        component="",
        pattern=r"^(Unhealthy|ProbeWarning): (Readiness|Startup|Liveness) probe",
        impact="none while the pod is ready",
        reason="only asked for pods that are ready: a probe that fails often enough makes them unready or restarts "
        "them, and both are judged by checks of their own",
        ends="nothing; it rests on those checks",
        may_recur=False,
    ),
)


def known_issue(source: Source, component: str, text: str, now: float) -> KnownIssue | None:
    """The known issue that ``text`` is, or None."""
    return next((issue for issue in KNOWN_ISSUES if issue.covers(source, component, text, now)), None)
