"""NetworkPolicies that close a connection which is needed, or leave open what nobody needs (section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import network_policies
from pipeline_services.model import roles
from pipeline_services.model.flows import ANY, Flow
from pipeline_services.model.k8s import name_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.reachability.open_connections import BEYOND
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.drifts import drifts
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.revisions import LATELY_S
from pipeline_services.triage.steps import RESTORE

CAUSES: Final = (
    Cause(
        "policy-blocks",
        "a NetworkPolicy blocks a needed connection",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl describe networkpolicies -n {namespace}", RESTORE),
        afterwards="the connection works, the dependent checks are green",
    ),
    Cause(
        "policy-too-loose",
        "the NetworkPolicies allow more than the pipeline needs",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl describe networkpolicies -n {namespace}", RESTORE),
        afterwards="only declared connections are open",
        restored="puts back what is declared; saves and deletes other policies",
    ),
)

DNS: Final = "dns"
_FEW: Final = 3
_OF_THE_SYSTEM: Final = (
    "kubectl get networkpolicies -n kube-system",
    "kubectl describe networkpolicies -n kube-system",
)
"""What is typed where no policy of the pipeline's own namespace is in the way: make up changes nothing there."""
TOO_LOOSE: Final = (checks.NETWORK_DENIES_BY_DEFAULT, checks.NETWORK_DENIES, checks.NETWORK_ALLOWS_NOTHING_ELSE)
"""The checks that find a policy too loose."""
TIMED_OUT: Final = r"(?i)timed? ?out|ConnectTimeout|no route to host|NoBrokersAvailable|i/o timeout|reset by peer"
"""What clients say of a connection that they do not get."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """What the policies close that is needed, then what they leave open."""
    if not evidence.known("networkpolicies"):
        return
    failed = [one.parameters[0] for one in evidence.failed(checks.NETWORK_ALLOWS)]
    blocked = [network_policies.held_up(evidence.snapshot, flow_id)[0] for flow_id in failed]
    if blocked:
        yield _blocked(evidence, blocked)
    loose = [one for check in TOO_LOOSE for one in evidence.failed(check)]
    if loose:
        yield make_finding(
            About(evidence, "network", subject="networkpolicies", affects=()),
            "policy-too-loose",
            loose[0].why,
            *(one.why for one in loose[:4]),
            since=_changed(evidence),
        )


def _blocked(evidence: Evidence, ways: Sequence[tuple[Flow, str]]) -> Finding:
    """Flows that no NetworkPolicy allows through, each with where it is stopped."""
    pipeline, flows = evidence.pipeline, [flow for flow, _ in ways]
    cut_off = {_suffers(pipeline, flow) for flow in flows}
    beyond = all(BEYOND in where for _, where in ways)
    only_names = all(flow.destination == DNS for flow in flows)
    asking, known = _askers(flows), _and([*map(str, flows)][:3])
    told = f"no NetworkPolicy allows {f'{asking} to reach DNS' if only_names else known}"
    return make_finding(
        About(evidence, "network", subject="networkpolicies", affects=pipeline.affected_by(*sorted(cut_off))),
        "policy-blocks",
        f"{_of_the_system(evidence)} not let {asking} reach DNS" if beyond else told,
        *(f"{where} does not allow {flow}" for flow, where in ways),
        *(one.why for one in evidence.failed_metrics("name-resolves")[:2]),
        *_time_outs(evidence),
        since=_changed(evidence),
        steps=_OF_THE_SYSTEM if beyond else None,
    )


def _of_the_system(evidence: Evidence) -> str:
    """The policies of the system's namespace, by name where there are few, and what they do."""
    names = [name_of(policy) for policy in evidence.objects("system_networkpolicies")]
    if len(names) == 1:
        return f"NetworkPolicy {names[0]} of kube-system does"
    named = f"NetworkPolicies {_and(names)}" if 0 < len(names) <= _FEW else "the NetworkPolicies"
    return f"{named} of kube-system do"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _suffers(pipeline: Pipeline, flow: Flow) -> str:
    """Who is cut off: the source, or where that is every pod or nobody of the pipeline, the destination."""
    source = pipeline.workloads.get(flow.source)
    return source.reports_to if source else flow.destination


def _askers(flows: Iterable[Flow]) -> str:
    """Who asks for names, in words."""
    sources = list(dict.fromkeys(flow.source for flow in flows))
    return "the pods" if ANY in sources else " and ".join(sources)


def close_dns(evidence: Evidence) -> bool:
    """Whether a policy stands between the pods and the DNS servers."""
    return any(_flow(evidence, one).destination == DNS for one in evidence.failed(checks.NETWORK_ALLOWS))


def _flow(evidence: Evidence, result: CheckResult) -> Flow:
    """The flow that a case of ``test_network_allows`` is about."""
    return network_policies.needed(evidence.pipeline)[result.parameters[0]]


def _changed(evidence: Evidence) -> float | None:
    """When a policy was written last that is not as declared, or is not declared; of one that is gone it is not known.
    Where nothing is declared any policy counts."""
    known = [name_of(policy) for policy in evidence.objects("networkpolicies")]
    times = [evidence.changed("networkpolicies", name) for name in _not_as_declared(evidence) or known]
    recent = [time for time in times if time is not None and evidence.now - time < LATELY_S]
    return max(recent, default=None)


def _not_as_declared(evidence: Evidence) -> list[str]:
    """The policies that differ from what is declared of them, are missing, or are declared nowhere."""
    return [drift.name for drift in drifts(evidence) if drift.kind == KINDS["NetworkPolicy"].name]


def _time_outs(evidence: Evidence) -> list[str]:
    lines = [line for app in (roles.PRODUCER, roles.PROCESSOR) for line in evidence.said(app, TIMED_OUT)]
    return list(logged(lines[-2:]))
