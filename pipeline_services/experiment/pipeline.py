"""The pipeline that a scenario is played on: its probes, the rights to change it, and the gate on steady state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from pipeline_services.checklist.checks import ROLLOUT_COMPLETE
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.experiment.connectivity import Connectivity
from pipeline_services.experiment.consented import consented
from pipeline_services.experiment.inventory import everything
from pipeline_services.experiment.leftovers import Inventory
from pipeline_services.experiment.symptoms import judged, light_snapshot
from pipeline_services.faults import pods
from pipeline_services.faults.admin import Admin
from pipeline_services.faults.aftermath import undo_expired
from pipeline_services.faults.injection import landed, perform, sweep
from pipeline_services.faults.model import overdue
from pipeline_services.faults.processes import Processes
from pipeline_services.faults.safety import ChaosTarget, require_none_in_force
from pipeline_services.measure.probes import Probes
from pipeline_services.measure.samples import PodSeen, component_ready, drained_lag, fresh_age_s, newest_of
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.waiting import WaitExpired, wait_until

STEADY_LOOKS: Final = 4
STEADY_TIMEOUT_S: Final = 60.0


class SteadyPipeline:
    """A pipeline in which faults may be made, with the ways in and the rights to change it."""

    def __init__(self, authorized: ChaosTarget, say: Say, cluster: Cluster, api: Admin, probes: Probes) -> None:
        self.authorized = authorized
        self.say = say
        self.namespace = authorized.target.namespace
        self.description = authorized.target.pipeline
        self.journal = authorized.journal
        self.cluster = cluster
        self.api = api
        self.probes = probes
        self._unseen: list[str] = []

    @classmethod
    @contextmanager
    def open(cls, authorized: ChaosTarget, say: Say, *, sends: bool = True) -> Iterator[SteadyPipeline]:
        """The pipeline, which no other run breaks while the block runs.

        Args:
            sends: whether messages of the suite's own are sent to it.

        Raises:
            PreconditionNotMet: no consent, another run, a part that is away, or apps that could not read what is sent.
        """
        if sends and authorized.target.pipeline.message:
            raise PreconditionNotMet(
                f"scenarios send the suite's own messages, which the apps of {authorized.target.pipeline.name}"
                " cannot read",
                next_step="make promises, or make matrix, which only observe",
            )
        _require_stores(authorized.target.pipeline)
        undo_expired(authorized, say)
        with consented(authorized, "chaos", on_node=True) as (cluster, api):
            sweep(api, authorized.journal, say)
            with Probes.open(cluster, authorized.target.pipeline) as probes:
                yield cls(authorized, say, cluster, api, probes)

    def require_steady(self, within: float = STEADY_TIMEOUT_S) -> None:
        """The gate: all parts whole, readings fresh in the store, no backlog, several times in a row.

        Raises:
            PreconditionNotMet: it does not become so; says what is not steady.
        """
        in_a_row, last = 0, "it has not been looked at"

        def look() -> bool:
            nonlocal in_a_row, last
            wrong = self.deviation()
            in_a_row, last = (0, wrong) if wrong else (in_a_row + 1, last)
            return in_a_row >= STEADY_LOOKS

        try:
            wait_until(look, within=within, what="a steady pipeline", every=0.5)
        except WaitExpired as error:
            raise not_steady(last) from error

    def renew(self, app: str) -> None:
        """Replace the app's pods that were restarted before: the kubelet would hold up their next start for that.

        Raises:
            PipelineError: the pods do not go, or the pipeline is not steady with the new ones.
        """
        for pod in self.pods_of(app):
            if pod.restarts:
                self.say(f"  {pod.name} was restarted before: another takes its place first")
                fault = pods.deleted(self.api, pod.name, self.namespace)
                perform(self.api, fault.inject)
                landed(self.api, fault)
                self.require_steady()

    def deviation(self) -> str:
        """What is not steady now, or nothing."""
        try:
            require_none_in_force(self.journal)
            snapshot = light_snapshot(self.cluster, self.description)
            newest, lag, seen = self.probes.stored(), self.probes.lag(), self.probes.pods()
        except PipelineError as error:
            return error.message
        wrong = (*(look.error for look in (newest, lag, seen)), *overdue(snapshot.answers, snapshot.taken_at))
        if told := next(filter(None, wrong), ""):
            return told
        # Grafana and Loki only observe; Prometheus is a witness of every fault.
        witness = [roles.PROMETHEUS] if roles.PROMETHEUS in self.description.workloads else []
        for component in (*self.description.data_path, *witness):
            finding = judged(partial(ROLLOUT_COMPLETE.judge, component=component), snapshot)
            if finding:
                return finding[1]
            if not component_ready(seen.pods, component):
                return f"a pod of {component} is not ready"
        own = newest_of(newest, audit=False)
        if own is None or newest.answered - own > fresh_age_s(self.description):
            return "no fresh reading is being stored"
        return f"the backlog is {lag.lag} readings" if lag.lag > drained_lag(self.description) else ""

    def pods_of(self, app: str) -> list[PodSeen]:
        """The standing pods of an app. Raises PreconditionNotMet where there is none."""
        seen = self.probes.pods()
        found = [pod for pod in seen.pods if pod.app == app and not pod.terminating]
        if not found:
            raise PreconditionNotMet(f"there is no pod of {app}: {seen.error or 'none is listed'}")
        return found

    def pod(self, app: str) -> Mapping[str, Any]:
        """The first pod of an app, as the API gives it."""
        return self.probes.pod(self.pods_of(app)[0].name)

    def processes(self, app: str) -> Processes:
        """The processes of the app's first pod, as the node sees them."""
        return self.processes_in(self.pods_of(app)[0].name)

    def processes_in(self, pod: str) -> Processes:
        """The processes of the container that does a pod's work.

        Raises:
            PreconditionNotMet: it is no pod of a component, or the container does not run.
        """
        found = self.probes.pod(pod)
        part = self.description.component_of(found)
        if part is None:
            raise PreconditionNotMet(f"{pod} is a pod of no component")
        return Processes(self.api, pods.container_id(found, part.container))

    def metric(self, app: str, name: str, **labels: str) -> float:
        """What an app's first pod says of one of its metrics now; 0.0 for a series that it does not have.

        Raises:
            ServiceUnreachable: the pod does not answer.
        """
        return self.probes.metric(app, self.pods_of(app)[0].name, name, labels)

    def connectivity(self) -> Connectivity:
        """Connections from within the pods' own networks."""
        return Connectivity(self.api, self.processes, self.cluster, self.description)

    def inventory(self) -> Inventory:
        """All that a fault can change, to be compared later; what of it the account may not see is said once."""
        found, unseen = everything(self.cluster, self.probes)
        if unseen and unseen != self._unseen:
            self.say(f"  not compared, as the account may not list them: {', '.join(unseen)}")
        self._unseen = unseen
        return found


def not_steady(why: str) -> PreconditionNotMet:
    """Nothing is broken in a pipeline that is not steady."""
    return PreconditionNotMet(f"the pipeline is not steady: {why}", next_step="pytest -m daily")


def _require_stores(pipeline: Pipeline) -> None:
    """Raise ``PreconditionNotMet`` where Kafka or InfluxDB runs elsewhere: recovery is measured on their pods."""
    for role in (roles.KAFKA, roles.INFLUXDB):
        if role not in pipeline.workloads:
            raise PreconditionNotMet(
                f"{role} of {pipeline.name} has no pods in its namespace, on which recovery is measured",
                next_step="make promises, which only needs its answers",
            )
