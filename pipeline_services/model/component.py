"""A part of a pipeline: the workload that plays it, how it is reached, and what it promises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline_services.model.errors import NotApplicable, PreconditionNotMet
from pipeline_services.model.foreign import Security
from pipeline_services.model.k8s import K8sObject, has_labels
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.log_levels import is_severe

ESCALATIONS: Final = ("L1", "L2", "L3")


@dataclass(frozen=True, slots=True)
class Service:
    """The Service that clients of a component use. ``scheme`` is that of its URL, empty where it speaks no HTTP."""

    name: str
    port: int
    scheme: str = ""

    @property
    def address(self) -> str:
        """``name:port``."""
        return f"{self.name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """The HorizontalPodAutoscaler of a workload as section 3.5 promises it.

    Attributes:
        cpu_percent: target of the CPU usage, in percent of the request.
        scale_up_window_s, scale_down_window_s: stabilization windows.
    """

    name: str
    min_replicas: int
    max_replicas: int
    cpu_percent: int
    scale_up_window_s: int
    scale_down_window_s: int


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the pipeline that findings name, and the workload that plays it.

    Attributes:
        workload, kind: name and kind of the workload; empty for a part without one (``network``, ``dns`` …).
        selector: labels that every pod of it carries, and no other pod.
        namespace: where its pods are; empty: in the pipeline's own. What is in another one, such as a Prometheus that
            several pipelines share, is asked and is not judged itself.
        address: ``host:port`` of a broker outside the cluster, several with commas; empty: it is in the cluster.
        security: how clients log in there. contact: whom to call about it, beside the level of section 6.
        container: the container that does the work.
        part_of: the component that findings about it name; empty: itself.
        service: how its clients reach it.
        headless: the Service that gives each pod of a StatefulSet a name; empty: none does.
        metrics_port: the port that Prometheus scrapes; 0: it is not scraped.
        volume: the claim that holds its data; empty: it keeps none. mount: where the container has that volume.
        error_line: a regular expression that finds an error in a line of its log; empty: the formats of section 2.
        affects: components whose checks may fail because this one fails.
        impact: what a finding about it means, in words.
        next_command: what to type first; empty: describe its pods. It may hold the placeholders of commands.py.
        runbook: the anchor of its section in RUNBOOK.md.
        escalation: who acts when that does not help (section 6): L1, L2 or L3.
        recovery_limit_s: section 3's limit; recovery_aim_s: what the median should stay within.
    """

    id: str = ""
    workload: str = ""
    kind: str = ""
    selector: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""
    address: str = ""
    security: Security | None = None
    contact: str = ""
    container: str = ""
    part_of: str = ""
    service: Service | None = None
    headless: str = ""
    metrics_port: int = 0
    volume: str = ""
    mount: str = ""
    autoscaler: Autoscaler | None = None
    error_line: str = ""
    affects: tuple[str, ...] = ()
    impact: str = "what depends on it may not work"
    next_command: str = ""
    runbook: str = "pod-status"
    escalation: str = "L2"
    recovery_limit_s: float = 0.0
    recovery_aim_s: float = 0.0

    def __post_init__(self) -> None:
        try:
            re.compile(self.error_line)
        except re.error as error:
            raise PreconditionNotMet(
                f"components.{self.id}.error_line: {self.error_line!r} is no regular expression: {error}"
            ) from error

    def logs_an_error(self, line: str) -> bool:
        """Whether a line of its log is an error or worse."""
        return re.search(self.error_line, line) is not None if self.error_line else is_severe(line)

    @property
    def first_command(self) -> str:
        """What to type first about it, with placeholders."""
        if self.next_command:
            return self.next_command
        if self.address:
            return f"nc -vz {self.addresses[0].replace(':', ' ')}"
        pods = f"kubectl describe pods -n {{namespace:{self.id}}} -l {{selector:{self.id}}}"
        return pods if self.selector else "kubectl get all -n {namespace}"

    @property
    def elsewhere(self) -> str:
        """Where others run it, so that its answers are all that is seen of it; empty: the pipeline runs it itself."""
        if self.address:
            return "outside the cluster"
        return f"in the namespace {self.namespace}" if self.namespace and self.service else ""

    @property
    def addresses(self) -> list[str]:
        """Each ``host:port`` of a broker outside the cluster."""
        return [address.strip() for address in self.address.split(",") if address.strip()]

    @property
    def list_name(self) -> str:
        """The list of the API, and of a snapshot, that holds its workload: ``deployments``.

        Raises NotApplicable where it has none.
        """
        if not self.workload:
            raise NotApplicable(f"{self.id} has no workload in the pipeline's namespace")
        return KINDS[self.kind].source

    @property
    def first_pod(self) -> str:
        """The name of a StatefulSet's first pod."""
        return f"{self.workload}-0"

    @property
    def first_pod_host(self) -> str:
        """The name of that pod within the namespace."""
        return f"{self.first_pod}.{self.headless}"

    @property
    def kubectl_name(self) -> str:
        """The workload as kubectl takes it, ``statefulset/kafka``; empty where there is none."""
        return f"{self.kind.lower()}/{self.workload}" if self.workload else ""

    @property
    def label_selector(self) -> str:
        """The selector as ``kubectl -l`` takes it."""
        return ",".join(f"{key}={value}" for key, value in self.selector.items())

    def owns(self, pod: K8sObject) -> bool:
        """Whether a pod, or a pod template, has the labels of its pods."""
        return has_labels(pod, self.selector)

    @property
    def reports_to(self) -> str:
        """The component that findings about this one name."""
        return self.part_of or self.id
