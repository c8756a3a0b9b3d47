"""The faults by name: each is built for the pipeline as it is when it is about to be broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline_services import faults
from pipeline_services.faults import network, pods, processes, resources, storage
from pipeline_services.faults.model import Fault, Proof, together, with_pods_replaced
from pipeline_services.measure.connectivity import FLOWS, Connectivity
from pipeline_services.model import names, roles
from pipeline_services.platform.deploy.secrets.tls import new_certificate

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

Breakage = Callable[["SteadyPipeline"], Fault]
MISS_WITHIN: Final = 6.0
"""Seconds for which a fault that misses on purpose is given its chance: it lands in less than two when it does not."""
CRASHED: frozenset[str] = frozenset({"CrashLoopBackOff", "Error"})
"""What ``kubectl get pods`` shows of a container that ends again and again."""


def pod_deleted(app: str) -> Breakage:
    """Every pod of the app is deleted, as in the runbook's manual restart; in steady state that is one."""
    return _each(app, lambda pipeline, pod: pods.deleted(pipeline.api, pod, pipeline.namespace))


def process_killed(app: str) -> Breakage:
    """The app's process is killed in its container (SIGKILL): no farewell, no flush."""
    return _each(app, lambda pipeline, pod: processes.killed(pipeline.processes_in(pod), pod))


def process_stopped(app: str) -> Breakage:
    """The app's process hangs (SIGSTOP) while its pod goes on looking Running."""
    return _each(app, lambda pipeline, pod: processes.stopped(pipeline.processes_in(pod), pod))


def wrong_setting(app: str, values: Mapping[str, str]) -> Breakage:
    """New pods of the app read wrong settings and crash."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = faults.config_value(pipeline.api, names.CONFIG_MAP, pipeline.namespace, values)
        return with_pods_replaced(fault, app, pipeline.namespace, _names(pipeline, app)).proved(
            Proof(f"a pod of {app} to crash", lambda: _statuses(pipeline, app) & CRASHED, within=60.0)
        )

    return build


def wrong_token(pipeline: SteadyPipeline) -> Fault:
    """New pods of the processor have a token that InfluxDB refuses."""
    fault = faults.secret_value(
        pipeline.api, names.PIPELINE_SECRET, pipeline.namespace, {"INFLUXDB_TOKEN": b"no-token-that-influxdb-knows"}
    )
    app = roles.PROCESSOR
    return with_pods_replaced(fault, app, pipeline.namespace, _names(pipeline, app)).proved(
        _writes_fail(pipeline, "unauthorized")
    )


def other_authority(pipeline: SteadyPipeline) -> Fault:
    """InfluxDB serves a certificate of an authority that its clients do not know."""
    certificate = new_certificate()
    fault = faults.other_authority(
        pipeline.api, names.TLS_SECRET, pipeline.namespace, certificate, pipeline.probes.ca.encode()
    )
    app = roles.INFLUXDB
    return with_pods_replaced(fault, app, pipeline.namespace, _names(pipeline, app)).proved(
        _writes_fail(pipeline, "tls")
    )


def cut_off(flow_id: str, *, but: str) -> Breakage:
    """A NetworkPolicy no longer lets a needed flow out of its source, and what was open is cut. ``but`` still flows."""

    def build(pipeline: SteadyPipeline) -> Fault:
        flow = FLOWS[flow_id]
        connectivity = pipeline.connectivity()
        fault = network.flow_cut(
            pipeline.api, flow.source, pipeline.namespace, flow.port, lambda: connectivity.connects(flow)
        )
        fault = _but(fault, connectivity, but)
        return network.with_open_connections_cut(fault, connectivity.addresses(flow.source), flow.port)

    return build


def names_unresolvable(app: str, *, but: str) -> Breakage:
    """No policy lets name look-ups out any more. Open connections stay, and with them the data."""

    def build(pipeline: SteadyPipeline) -> Fault:
        connectivity = pipeline.connectivity()
        fault = network.flow_cut(
            pipeline.api,
            "allow-dns",
            pipeline.namespace,
            53,
            lambda: connectivity.resolves(app, names.KAFKA_SERVICE),
        )
        return _but(fault, connectivity, but)

    return build


def service_without_pods(service: str, client: str, *, but: str) -> Breakage:
    """A service selects nothing; its client's open connections are cut. ``but``, which asks no service, still flows."""

    def build(pipeline: SteadyPipeline) -> Fault:
        connectivity = pipeline.connectivity()
        fault = network.selects_nothing(
            pipeline.api, service, pipeline.namespace, lambda: connectivity.ready_endpoints(service)
        )
        fault = _but(fault, connectivity, but)
        port = names.SERVICE_PORTS[service]
        return network.with_open_connections_cut(fault, connectivity.addresses(client), port)

    return build


def _but(fault: Fault, connectivity: Connectivity, flow_id: str) -> Fault:
    """The fault with its control: it has landed only if a flow that it must not touch still connects."""
    landed = fault.landed
    assert landed is not None
    what = f"{landed.what}, and {flow_id} still to connect"
    return fault.proved(
        Proof(what, lambda: landed.holds() and connectivity.connects(FLOWS[flow_id]), within=landed.within)
    )


def starved(app: str, millicores: int) -> Breakage:
    """The app's pods get far less CPU than they need, and their autoscaler, which would help them out, is held."""

    def pod_starved(pipeline: SteadyPipeline, pod: str) -> Fault:
        processes_of = pipeline.processes_in(pod)
        before = processes_of.throttled_periods()
        found = pipeline.probes.pod(pod)
        return resources.cpu_limited(
            pipeline.api, found, millicores, lambda: processes_of.throttled_periods() > before + 20
        )

    def build(pipeline: SteadyPipeline) -> Fault:
        limited = _each(app, pod_starved)(pipeline)
        held = resources.autoscaler_held(pipeline.api, names.HPAS[app], pipeline.namespace)
        return together(limited.summary, [limited, held])

    return build


def out_of_memory(app: str) -> Breakage:
    """The app's container uses more memory than its limit and is killed for it."""

    def build(pipeline: SteadyPipeline) -> Fault:
        pod = pipeline.pods_of(app)[0].name

        def killed() -> bool:
            statuses = pipeline.probes.pod(pod)["status"].get("containerStatuses") or [{}]
            states = [statuses[0].get(which) or {} for which in ("state", "lastState")]
            return any((state.get("terminated") or {}).get("reason") == "OOMKilled" for state in states)

        return processes.memory_eaten(pipeline.processes(app), pod, killed)

    return build


def killed_before_commit(pipeline: SteadyPipeline) -> Fault:
    """The processor dies after InfluxDB took its readings and before Kafka heard of it: they come once more."""
    pod = pipeline.pods_of(roles.PROCESSOR)[0].name
    return processes.killed_with_work_undone(pipeline.processes(roles.PROCESSOR), pipeline.processes(roles.KAFKA), pod)


def volume_full(pipeline: SteadyPipeline) -> Fault:
    """InfluxDB's volume has no room left."""
    refused = _writes_fail(pipeline, "server-error")
    return storage.volume_full(pipeline.api, roles.INFLUXDB, pipeline.namespace, "influxd", refused)


def scaled(app: str, replicas: int) -> Breakage:
    """Somebody scales a Deployment by hand; its autoscaler, which sees no need for it, lets it stand for a while."""

    def build(pipeline: SteadyPipeline) -> Fault:
        held = resources.autoscaler_held(pipeline.api, names.HPAS[app], pipeline.namespace, "scaleDown")
        by_hand = faults.scaled(pipeline.api, "deployments", app, pipeline.namespace, replicas)
        return together(by_hand.summary, [held, by_hand])

    return build


def without_effect(breakage: Breakage) -> Breakage:
    """The same fault aimed at nothing, to see that the suite notices a miss."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = breakage(pipeline)
        landed = replace(fault.landed, within=MISS_WITHIN) if fault.landed else None
        return Fault(fault.summary, [], [], landed, fault.gone)

    return build


def _writes_fail(pipeline: SteadyPipeline, reason: str) -> Proof:
    """Seen by the processor: InfluxDB goes on refusing its readings, for that reason."""
    before: float | None = None

    def grows() -> bool:
        nonlocal before
        now = pipeline.metric(roles.PROCESSOR, "conveyor_write_failures_total", reason=reason)
        grown = before is not None and now > before
        before = now
        return grown

    return Proof(f"writes to InfluxDB to fail ({reason})", grows, within=60.0)


def _each(app: str, break_pod: Callable[[SteadyPipeline, str], Fault]) -> Breakage:
    """The same fault for each of the app's pods: with one of several broken there is little to see."""

    def build(pipeline: SteadyPipeline) -> Fault:
        broken = [break_pod(pipeline, name) for name in _names(pipeline, app)]
        return broken[0] if len(broken) == 1 else together(f"{broken[0].summary}, and {len(broken) - 1} more", broken)

    return build


def _names(pipeline: SteadyPipeline, app: str) -> list[str]:
    return [pod.name for pod in pipeline.pods_of(app)]


def _statuses(pipeline: SteadyPipeline, app: str) -> set[str]:
    return {pod.status for pod in pipeline.probes.pods().pods if pod.app == app}
