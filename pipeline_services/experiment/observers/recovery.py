"""Plays a scenario in full: samples, symptoms, recovery clock and ledger, from steady state to steady state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Final

from pipeline_services.audit.audit import Audit
from pipeline_services.audit.producer import AuditProducer
from pipeline_services.clients.influxdb import shards_of
from pipeline_services.experiment import logs_and_events
from pipeline_services.experiment.leftovers import differences
from pipeline_services.experiment.persistence import PersistentIdentity, read_identity
from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.experiment.result import (
    Evidence,
    Gate,
    Healed,
    Injected,
    Landed,
    Observed,
    Reconciled,
    Recovered,
    Settled,
)
from pipeline_services.experiment.runner import Observer, Run
from pipeline_services.experiment.scenario import Heals, Scenario
from pipeline_services.experiment.symptoms import SymptomWatch
from pipeline_services.faults.model import Fault
from pipeline_services.measure import datasource
from pipeline_services.measure.recovery import ExpectedComponent, measure
from pipeline_services.measure.rejoin import group_rejoin_time
from pipeline_services.measure.sampler import PipelineSampler
from pipeline_services.measure.samples import newest_of
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import STATEFUL_SET
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.diagnosis import diagnose

STEADY_FLOW_S: Final = 3.0
"""Of steady flow at the start of each time line."""
FLOW_TIMEOUT_S: Final = 30.0
LATE_RECOVERY_S: Final = 60.0
"""Past twice the limit: a recovery is waited for that long, so that a late one is reported with its time."""
SETTLE_TIMEOUT_S: Final = 60.0


class RecoveryObserver(Observer):
    """Observes one scenario that has a recovery plan."""

    def __init__(self, pipeline: SteadyPipeline, scenario: Scenario) -> None:
        self._pipeline = pipeline
        self._scenario = scenario
        self._plan = scenario.plan
        self._symptoms = SymptomWatch(pipeline.cluster, pipeline.description, self._plan.symptoms)
        self._logs: logs_and_events.Logs = {}
        self._snapshot: Snapshot | None = None

    def gate(self) -> Gate:
        """Steady state, with a pod that the kubelet restarts at once."""
        self._pipeline.require_steady()
        if self._plan.restarts_in_place:
            self._pipeline.renew(self._plan.component)
        self._inventory = self._pipeline.inventory()
        return Gate(time.time())

    @contextmanager
    def measuring(self, run: Run) -> Iterator[None]:
        """Sample the pipeline and send the audit's readings; the evidence is kept whatever ends the block."""
        pipeline = self._pipeline
        with ExitStack() as stack:
            source = None
            if self._plan.component == roles.INFLUXDB:
                grafana = pipeline.pods_of(roles.GRAFANA)[0].name
                source = stack.enter_context(datasource.opened(pipeline.cluster, pipeline.description, grafana))
            self._samples = stack.enter_context(PipelineSampler(pipeline.probes, source)).samples
            try:
                topic = pipeline.description.topics.readings
                producer = AuditProducer(pipeline.probes.kafka_forward.port, topic, self._plan.rate)
                self._audit = stack.enter_context(Audit.running(pipeline.probes, producer))
                self._await_flow()
                yield
            finally:
                run.result = replace(run.result, evidence=self._evidence())

    @contextmanager
    def watching(self, run: Run, fault: Fault) -> Iterator[None]:
        """Watch for the symptoms; what was observed is kept whatever ends the block."""
        plan, pipeline = self._plan, self._pipeline
        self._fault = fault
        victims = frozenset(pod.incarnation for pod in pipeline.probes.pods().pods if pod.name in fault.pods)
        self._expected = ExpectedComponent(plan.component, 1, victims, plan.audited)
        persistent = pipeline.description[plan.component].kind == STATEFUL_SET
        self._identity = self._read_identity(run) if persistent else None
        with self._symptoms.running():
            try:
                pipeline.say(f"  breaking: {fault.summary}")
                yield
            finally:
                run.result = replace(run.result, observed=self._observed())

    def observe(self, run: Run, injected: Injected, landed: Landed | None) -> None:
        """Wait for the recovery where it comes by itself, else for the symptoms."""
        landed_at = landed.at if landed else injected.made_at
        self._injected = injected
        self._pipeline.say(f"  landed after {landed_at - injected.at:.1f} s")
        if self._plan.heals is Heals.BY_ITSELF:
            self._await_recovery(run, landed_at)
        else:
            self._await_symptoms(landed_at)
            self._take_snapshot()
        self._logs |= logs_and_events.read_logs(self._pipeline, "while it lasted")

    def recover(self, run: Run, healed: Healed) -> None:
        """Wait for the recovery from what only the undo heals."""
        if self._plan.heals is Heals.BY_UNDO:
            self._await_recovery(run, healed.undone_at)

    def reconcile(self, run: Run) -> None:
        """Read the ledger, the identity and the clocks beside the recovery's, and diagnose."""
        report = self._audit.reconcile()
        run.result = replace(run.result, reconciled=Reconciled(report))
        if self._identity is not None:
            identities = self._identity, self._read_identity(run)
            run.result = replace(run.result, reconciled=Reconciled(report, identities))
        self._read_clocks(run)
        if self._scenario.findings and self._snapshot is not None:
            observed = replace(run.result.observed, diagnosis=diagnose(self._snapshot))
            run.result = replace(run.result, observed=observed)

    def settle(self, run: Run) -> None:
        """Steady again; compare the namespace."""
        self._pipeline.require_steady(SETTLE_TIMEOUT_S)
        left = differences(self._inventory, self._pipeline.inventory())
        run.result = replace(run.result, settled=Settled(tuple(left)))

    def _await_flow(self) -> None:
        """Until the audit's own readings come through and some seconds of steady state are on record."""
        since = time.time()

        def flows() -> bool:
            stored = self._samples.stored
            recorded = time.time() - since > STEADY_FLOW_S
            return recorded and bool(stored) and newest_of(stored[-1], audit=True) is not None

        wait_until(flows, within=FLOW_TIMEOUT_S, what="the audit's readings to be stored", every=0.1)

    def _await_symptoms(self, landed_at: float) -> None:
        """Until every check has detected it and it has lasted long enough; what stays green is judged later."""
        plan = self._plan
        with suppress(WaitExpired):
            wait_until(
                lambda: not self._symptoms.undetected and time.time() >= landed_at + plan.hold_s,
                within=plan.symptoms_timeout_s + plan.hold_s,
                what="the checks to detect it",
                every=0.1,
            )

    def _await_recovery(self, run: Run, start: float) -> None:
        """Until recovered and drained; the last measurement if that takes far longer than it may."""

        def done() -> bool:
            now = measure(self._samples, start, self._expected)
            return now.recovered is not None and now.drained is not None

        within, what = 2 * self._plan.within_s + LATE_RECOVERY_S, f"{self._plan.component} to recover"
        with suppress(WaitExpired):
            wait_until(done, within=within, what=what, every=0.3)
        self._clock = measure(self._samples, start, self._expected)
        shards = self._shards() if self._plan.component == roles.INFLUXDB else None  # before any is taken away again
        run.result = replace(run.result, recovered=Recovered(self._clock, shards=shards))

    def _take_snapshot(self) -> None:
        """Everything that triage judges, as it is now; saved beside the journal too."""
        try:
            self._snapshot = collect(self._pipeline.cluster, pipeline=self._pipeline.description, deep=True)
        except PipelineError as error:
            self._logs["snapshot"] = [f"could not be taken: {error.message}"]
            return
        self._snapshot.save(logs_and_events.snapshot_file(self._pipeline, self._scenario.id))

    def _observed(self) -> Observed:
        detections = sorted(self._symptoms.detections.values(), key=lambda one: one.at)
        return Observed(tuple(detections), tuple(self._symptoms.describe_undetected()), self._snapshot)

    def _read_identity(self, run: Run) -> PersistentIdentity:
        return read_identity(self._pipeline, self._plan.component, run.result.gate.at)

    def _read_clocks(self, run: Run) -> None:
        """The group's, after a new start of the processor, and the data source's."""
        recovered = run.result.recovered or Recovered(self._clock)
        if self._plan.component == roles.PROCESSOR and self._fault.pods:
            pods = self._pipeline.pods_of(roles.PROCESSOR)
            started = max(self._pipeline.processes_in(pod.name).started() for pod in pods)
            moment = group_rejoin_time(
                self._samples.lag,
                self._injected.at,
                started,
                len(self._fault.pods),
                partitions=self._pipeline.description.topics.partitions,
            )
            recovered = replace(recovered, rejoined=moment)
        if self._samples.source:
            recovered = replace(
                recovered, datasource=datasource.transitions(self._samples.source, self._injected.made_at)
            )
        run.result = replace(run.result, recovered=recovered)

    def _shards(self) -> int | None:
        try:
            return shards_of(self._pipeline.probes.influx)
        except PipelineError as error:
            self._logs["shards"] = [f"not known: {error.message}"]
            return None

    def _evidence(self) -> Evidence:
        until = time.time()
        events: list[dict[str, object]] = []
        try:
            events = logs_and_events.read_events(self._pipeline)
        except PipelineError as error:
            self._logs["events"] = logs_and_events.unreadable(error)
        self._logs |= logs_and_events.read_logs(self._pipeline, "after")
        return Evidence(until, self._samples, events, self._logs)
