"""From a snapshot to a diagnosis: the rules' findings, causes before symptoms, then what no rule explains. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import CheckResult, run_checks
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.causes import declared, pods, stale_errors, unknown
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Diagnosis, Finding, Unanswered
from pipeline_services.triage.subjects import CAUSES, RULES


def diagnose(snapshot: Snapshot, settings: Settings | None = None) -> Diagnosis:
    """What is wrong with the pipeline as the snapshot shows it (section 4).

    Args:
        settings: the levels of this environment, and the components that it does not have.
    """
    here = settings or Settings()
    results = run_checks(snapshot, cases(snapshot.pipeline, here, "daily"))
    failed = [one for one in results.values() if one.failed]
    evidence = Evidence(snapshot, results, here.absent, CAUSES)
    found = [finding for rule in RULES for finding in rule(evidence) if finding.component not in here.absent]
    causes = upstream_first(declared.with_drifts(evidence, found), snapshot.pipeline)
    settling = list(pods.settling(evidence, _unanswered(results.values(), causes)))
    named = {finding.component for finding in (*causes, *settling)}
    explained = {component for finding in causes for component in finding.affects}
    loud = [one for one in results.values() if one.failed or stale_errors.is_stale(one)]
    unexplained = {one.component for one in loud} - explained
    stale = [
        finding
        for finding in stale_errors.findings(evidence)
        if finding.component not in named and finding.affects & unexplained
    ]
    rest = upstream_first([*causes, *settling, *stale, *unknown.findings(evidence, causes)], snapshot.pipeline)
    return Diagnosis(
        taken_at=snapshot.taken_at,
        context=snapshot.context,
        namespace=snapshot.namespace,
        findings=tuple(rest),
        red={one.id: one.why for one in failed},
        unanswered=tuple(Unanswered(one.id, one.component, one.why) for one in _unanswered(results.values(), rest)),
    )


def upstream_first(findings: Iterable[Finding], pipeline: Pipeline) -> list[Finding]:
    """The findings without those that another one explains, and without repetition.

    What lasts before what heals by itself, that before what is over and still shows, what lets no pod start before all
    that waits for one, what holds readings up before what only watches, what is down before what is set up wrongly,
    causes before symptoms: the first one is what somebody has to act on.
    """
    distinct = list({(one.cause.id, one.component, one.subject): one for one in findings}.values())
    kept = [
        one for one in distinct if not any(explains(other, one, pipeline) for other in distinct if other is not one)
    ]
    return sorted(kept, key=lambda one: _urgency(one, pipeline))


def _urgency(finding: Finding, pipeline: Pipeline) -> tuple[bool, bool, bool, bool, bool, bool, int, float]:
    upstream, since = pipeline.rank(finding.component), finding.since or float("inf")
    only_watches = {finding.component, *finding.affects}.isdisjoint(pipeline.data_path)
    is_up, heals = finding.cause.id not in _DOWN or finding.self_healing, finding.self_healing
    symptom = is_up and finding.cause.symptomatic
    over = finding.cause.id in _OVER
    return heals, over, not finding.blocks, only_watches, is_up, symptom, upstream, since


def explains(cause: Finding, symptom: Finding, pipeline: Pipeline) -> bool:
    """Whether the second is only what is seen of the first."""
    if cause.cause is symptom.cause and cause.component == symptom.component:
        return symptom.subject.startswith("pod/") and not cause.subject.startswith("pod/")
    earlier = pipeline.rank(cause.component) < pipeline.rank(symptom.component)
    if _led_to(cause, symptom) and earlier and _may_lead_to(cause, symptom, pipeline):
        return True
    if not _yields(symptom) or symptom.component not in cause.affects or not _may_lead_to(cause, symptom, pipeline):
        return False
    if cause.component == symptom.component:
        joins = symptom.cause.id == "rebalancing" and cause.cause.id in _REPLACED
        return joins or _weight(cause) > _weight(symptom)
    if not earlier and cause.cause.symptomatic:
        return False
    return _weight(cause) > _weight(symptom) or (_weight(cause) == _weight(symptom) and earlier)


_DOWN: Final = frozenset({"crash-loop", "process-hung", "broker-unresponsive", "store-unresponsive"})
"""Causes that say that a component does not work at all now, whatever else may be wrong."""
_OVER: Final = frozenset({"settling", "outage-over"})
"""Causes that say that it works, and that figures do not show that yet."""
_ENDED: Final = frozenset({"crash-loop", "process-crashed"})
"""Causes that say that a process ended."""
_OF_CLIENTS: Final = frozenset({"network", "config", "dns"})
"""Components of which only those suffer that connect to somebody."""


def _may_lead_to(cause: Finding, symptom: Finding, pipeline: Pipeline) -> bool:
    return symptom.cause.id not in _ENDED or _may_end(symptom.component, cause.component, pipeline)


def _may_end(component: str, other: str, pipeline: Pipeline) -> bool:
    """Whether a process of a component may end for what is wrong with another: with what it stands on, or connects to;
    not with who connects to it, nor with the connections and settings of others where it makes none."""
    own = {part.id for part in pipeline.parts_of(component)}
    servers = {flow.destination for flow in pipeline.flows if flow.source in own} & pipeline.workloads.keys()
    if other == component or other in servers:
        return True
    return other not in pipeline.workloads and (bool(servers) or other not in _OF_CLIENTS)


def _led_to(cause: Finding, crash: Finding) -> bool:
    """A process that ended after something upstream of it went wrong ended for that."""
    if crash.cause.id != "process-crashed" or cause.self_healing or crash.component not in cause.affects:
        return False
    return cause.since is not None and crash.since is not None and cause.since <= crash.since


def _yields(finding: Finding) -> bool:
    """Whether a finding may be a mere consequence: a symptom, or something that heals by itself."""
    return finding.cause.symptomatic or finding.cause.id in _PASSING


_REPLACED: Final = frozenset({"pod-replaced", "rollout-under-way"})
"""Causes that say that a pod joins or leaves, for which its group is divided anew."""
_PASSING: Final = frozenset(
    {"pod-replaced", "settling", "outage-over", "rollout-under-way", "rebalancing", "backlog-draining"}
)


def _weight(finding: Finding) -> int:
    """What is left over, then what passes, then symptoms, then causes."""
    if finding.cause.id == "unknown":
        return 0
    if finding.cause.id in _PASSING:
        return 1
    return 2 if finding.cause.symptomatic else 3


def _unanswered(results: Iterable[CheckResult], findings: Sequence[Finding]) -> list[CheckResult]:
    """The checks that could not be made though no finding says why."""
    return [
        one
        for one in results
        if not (one.failed or any(leaves_open(finding, one.component, one.why) for finding in findings))
    ]


def leaves_open(finding: Finding, component: str, why: str) -> bool:
    """Whether the finding says why a check of that component could not be made, which has given ``why`` itself."""
    blind = _BLIND.get(finding.cause.id) or _BLIND_WITHOUT.get(finding.component)
    suffers = component in finding.affects or any(name in why for name in finding.affects)
    return suffers or (blind is not None and blind in why)


NO_SERIES: Final = "Prometheus has no"
_BLIND: Final = {
    "usage-unknown": "metrics",
    "cluster-part-set-otherwise": "metrics",
    "scrape-failing": NO_SERIES,
    "series-dropped": NO_SERIES,
    "reference-missing": "there is no secret",
    "node-silent": "which is too old",
}
"""Causes that leave checks of any component open, by what those say."""
_BLIND_WITHOUT: Final = {roles.PROMETHEUS: NO_SERIES}
"""The same, of components: whatever is wrong with them."""
