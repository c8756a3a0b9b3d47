"""The readings on their way: processed too slowly, not produced, unreadable, or with impossible timestamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import readings
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_GROUP, LOGS_OF, READ_DEAD_LETTER, TOP_PODS
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import addresses_of, name_of, replicas_of, spec_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.snapshot.bounds import ONSET_STEP_S
from pipeline_services.triage.causes import probes
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.causes.kafka import is_moving, moves_for_ever, unread_partitions
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import HISTORY, LOGS

CAUSES: Final = (
    Cause(
        "backlog-draining",
        "consumers are catching up with a backlog",
        Escalation.L1,
        "processor-pod-failure",
        heals_within=300,
        steps=(DESCRIBE_GROUP,),
        afterwards="LAG is small and stays so",
    ),
    Cause(
        "group-joined",
        "a client that is not a processor is in the processors' group",
        Escalation.L2,
        "processor-pod-failure",
        steps=(DESCRIBE_GROUP,),
        afterwards="each HOST is a processor's, LAG falls",
    ),
    Cause(
        "processing-too-slow",
        "readings come in faster than they are stored",
        Escalation.L2,
        "processor-pod-failure",
        symptomatic=True,
        steps=(TOP_PODS, "kubectl scale {kind:processor} {name:processor} -n {namespace} --replicas={more}"),
        undo="kubectl scale {kind:processor} {name:processor} -n {namespace} --replicas={now}",
        afterwards="LAG falls",
    ),
    Cause(
        "producer-idle",
        "the producer runs but sends nothing",
        Escalation.L2,
        "producer-pod-failure",
        symptomatic=True,
        steps=(LOGS, "kubectl delete pods -n {namespace} -l {selector:producer}"),
        afterwards="the producer's rate is above 0.5 readings/s",
    ),
    Cause(
        "data-clock-wrong",
        "readings have impossible timestamps",
        Escalation.L2,
        "producer-pod-failure",
        steps=("kubectl logs -n {namespace} -l {selector:producer} --tail=50", HISTORY),
        afterwards="the newest reading is seconds old",
    ),
    Cause(
        "poison-messages",
        "messages that cannot be parsed go to the dead-letter topic",
        Escalation.L2,
        "processor-pod-failure",
        steps=(READ_DEAD_LETTER,),
        afterwards="the dead-letter topic does not grow",
    ),
)

_AT_MOST: Final = (TOP_PODS, DESCRIBE_GROUP, LOGS_OF % roles.PROCESSOR)
"""What is typed where no further processor would help, or be kept: what the ones that run spend their time on."""
_ADDED: Final = 2
STEADY_FOR: Final = 180.0
"""Seconds: what held readings up for longer than the latency may be, and still shows in it, stopped the writes then."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """The backlog, then the readings themselves."""
    clock_behind = _old_at_once(evidence)
    for one in evidence.failed(checks.PROCESSORS_ONLY):
        yield make_finding(About(evidence, roles.PROCESSOR), "group-joined", one.why, one.why)
    yield from _backlog(evidence, clock_behind=clock_behind)
    yield from _readings(evidence, clock_behind=clock_behind)


def _backlog(evidence: Evidence, *, clock_behind: bool) -> Iterator[Finding]:
    """Falling is healing, growing is not; what looks old by its producer's clock alone is no backlog."""
    if unread_partitions(evidence) or moves_for_ever(evidence):
        return  # unread partitions pile up, however fast the others are; more processors make a group begin anew
    slow = ("consumer-lag", "end-to-end-latency", "stored-reading-age")
    high = [*evidence.failed_metrics(*slow), *evidence.passing_metrics(*slow)]
    growing = evidence.failed_metrics("consumer-lag-growth")
    behind = evidence.failed_metrics("processor-matches-producer")
    if growing and (hung := probes.stands_still(evidence, roles.PROCESSOR, growing[0].why)):
        yield hung
    elif is_moving(evidence):
        return  # nothing is read until it has divided its partitions, which says nothing of how fast
    elif growing or (behind and not _falls(evidence)):
        yield _too_slow(evidence, [*growing, *behind], high)
    elif (high or behind) and _falls(evidence) and not clock_behind:
        yield make_finding(
            About(evidence, roles.PROCESSOR),
            "backlog-draining",
            f"consumers are catching up with a backlog: {(high or behind)[0].why}",
            *(one.why for one in (*high, *behind)),
        )


def _too_slow(evidence: Evidence, red: Sequence[CheckResult], high: Sequence[CheckResult]) -> Finding:
    """More processors, if there may be more; never fewer than there are."""
    workload, most = evidence.workload(roles.PROCESSOR), _most_processors(evidence)
    now = replicas_of(workload) if workload else most
    more = min(now + _ADDED, most)
    seen = (*(one.why for one in (*red, *high)), *_strangers(evidence))
    told = make_finding(
        About(evidence, roles.PROCESSOR, details={"more": str(more), "now": str(now)}),
        "processing-too-slow",
        f"readings arrive faster than they are stored: {red[0].why}",
        *([f"{now} processors are asked for, and at most {most} work", *seen] if workload and more <= now else seen),
        confidence=Confidence.MEDIUM,
        steps=_AT_MOST if more <= now else None,
    )
    return replace(told, undo="") if more <= now else told


def _most_processors(evidence: Evidence) -> int:
    """How many may run: each needs a partition, and the autoscaler takes away those above its own maximum."""
    scaler = evidence.pipeline[roles.PROCESSOR].autoscaler
    live = evidence.object("hpas", scaler.name) if scaler else None
    topics = evidence.pipeline.topics
    partitions = len((evidence.data("kafka_topics") or {}).get(topics.readings) or ()) or topics.partitions
    if not scaler:
        return partitions
    return min(partitions, int(spec_of(live)["maxReplicas"]) if live else scaler.max_replicas)


def _falls(evidence: Evidence) -> bool:
    growth = _growth(evidence)
    return growth is not None and growth <= 0.0


def _growth(evidence: Evidence) -> float | None:
    """As ``lag_growth``; None where that is not known."""
    try:
        return readings.lag_growth(evidence.snapshot)
    except PipelineError:
        return None


def _strangers(evidence: Evidence) -> list[str]:
    """Members of the processors' group whose address is no processor's: they take partitions away from those."""
    members: list[dict[str, Any]] = (evidence.data("kafka_group") or {}).get("members") or []
    own = [addresses_of(pod) for pod in evidence.pods(roles.PROCESSOR)]
    if not all(own) or evidence.pipeline[roles.KAFKA].address:
        return []  # an address that is not known yet may be any member's, and from outside none of them is seen
    others = [one for one in members if one["partitions"] and not any(one["host"] in known for known in own)]
    return [f"{one['host']} reads {len(one['partitions'])} partitions and is not a processor" for one in others[:3]]


def _old_at_once(evidence: Evidence) -> bool:
    """Whether readings are stored as they come, and have been for minutes, and yet are old by the times they carry."""
    late = evidence.failed_metrics("end-to-end-latency")
    if not late or _growth(evidence) != 0.0:
        return False
    series: dict[str, list[list[float]]] = evidence.data("onset") or {}
    made = {point[0]: point[1] for point in series.get("producer-rate", ())}
    kept = [rate > 0 and rate >= made[at] / 2 for at, rate in series.get("influxdb-writes", ()) if at in made]
    looks = int(STEADY_FOR / ONSET_STEP_S)
    return len(kept) >= looks and all(kept[-looks:])


def _readings(evidence: Evidence, *, clock_behind: bool) -> Iterator[Finding]:
    ahead = evidence.failed(checks.DATA_CLOCK)
    if ahead:
        yield make_finding(
            About(evidence, roles.PRODUCER, affects={roles.PROCESSOR}),
            "data-clock-wrong",
            f"a producer's clock runs ahead: {ahead[0].why}",
            ahead[0].why,
        )
    elif clock_behind:
        late = evidence.failed_metrics("end-to-end-latency")[0]
        yield make_finding(
            About(evidence, roles.PRODUCER, affects={roles.PROCESSOR}),
            "data-clock-wrong",
            f"a producer's clock is behind, for its readings are stored at once: {late.why}",
            late.why,
            f"no backlog for {STEADY_FOR:g} s: writes keep up with the producer",
            confidence=Confidence.MEDIUM,
        )
    letters = evidence.failed_metrics("dead-letters")
    if letters:
        yield make_finding(
            About(
                evidence,
                roles.PRODUCER,
                subject=f"topic/{evidence.pipeline.topics.dead_letters}",
                affects={roles.PROCESSOR},
            ),
            "poison-messages",
            f"a producer sends what the processor cannot read: {letters[0].why.partition(' is ')[2]} in "
            f"{evidence.pipeline.topics.dead_letters}",
            letters[0].why,
        )
    idle = evidence.failed_metrics("producer-rate", "unacknowledged-age") or evidence.failed(checks.TOPIC_GROWS)
    if idle and evidence.ready(roles.PRODUCER):
        words = evidence.said(roles.PRODUCER, r"(?i)error|warn|fail|refused|timed? ?out", within=60)
        yield make_finding(
            About(evidence, roles.PRODUCER),
            "producer-idle",
            f"the producer runs but its readings do not arrive: {idle[0].why}",
            *(one.why for one in idle),
            *logged(words[-2:]),
            *(f"pod {name_of(pod)} is ready" for pod in evidence.ready(roles.PRODUCER)[:1]),
            confidence=Confidence.MEDIUM,
        )
