"""Rotate under load, and prove the result: nothing lost, no long gap, nothing left of what was before."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Final

from pipeline_services.clients.api_server import MAX_CONNECTIONS
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.maintenance.rotation import watch
from pipeline_services.maintenance.rotation.load import Writer, noted, writing
from pipeline_services.maintenance.rotation.steps import Rotation, ahead, carry_out
from pipeline_services.maintenance.rotation.tls.clients import TlsClients
from pipeline_services.maintenance.rotation.tls.rotation import TlsRotation
from pipeline_services.maintenance.rotation.tokens.rotation import TokenRotation
from pipeline_services.maintenance.rotation.workloads import Workloads
from pipeline_services.maintenance.site import LINES_NOTED, Site
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.errors import PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.say import Say
from pipeline_services.model.text import exact_duration
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.deploy import rollout

RESTARTS_WITHIN_S: Final = 120.0


class RotationFailed(UnexpectedAnswer):
    """It was done, and something is not as it should be, or readings were lost on the way."""


def rotate_tokens(site: Site, *, dry_run: bool = False) -> None:
    """Rotate the tokens with which the pipeline writes to InfluxDB and reads from it.

    Args:
        dry_run: only say what would be done.

    Raises:
        PreconditionNotMet: nothing is stored, so that it could not be seen what a rotation does; nothing was changed.
        RotationFailed: it is done, and readings were lost, or something of before is left.
        PipelineError: a step was refused; the same command goes on with it.
    """
    rotation = TokenRotation(site.cluster, site.pipeline, site.live, Workloads(site.cluster, site.say), site.say)
    if dry_run:
        foresee(site, rotation)
        return
    with writing(site.cluster, site.pipeline) as writer:
        # The token for reading is one of those that go: the operator's stays.
        writer.probes.use(site.operator, writer.probes.ca)
        rotation.look = lambda: watch.look(writer.probes)
        _play(site, rotation, writer, roles.PROCESSOR)


def rotate_tls(site: Site, *, dry_run: bool = False) -> None:
    """Rotate InfluxDB's certificate and the CA that its clients trust. Arguments and errors as ``rotate_tokens``."""
    workloads, influxdb = Workloads(site.cluster, site.say), site.pipeline.service(roles.INFLUXDB)
    pod = site.pipeline[roles.INFLUXDB].first_pod
    with PortForward(site.cluster, Endpoint(influxdb.name, pod, influxdb.port)) as server:
        clients = TlsClients(site.cluster, site.pipeline, workloads)
        rotation = TlsRotation(site.cluster, site.pipeline, server, workloads, clients, site.say)
        if dry_run:
            foresee(site, rotation)
            return
        with writing(site.cluster, site.pipeline) as writer:
            rotation.trust = lambda ca: writer.probes.use(site.operator, ca)
            rotation.look = lambda: watch.look(writer.probes)
            _play(site, rotation, writer, roles.INFLUXDB)


def await_influxdb(access: ClusterAccess, say: Say) -> None:
    """Wait until InfluxDB is there: a run before may have been broken off while it restarted.

    Raises:
        RolloutFailed: it does not come up.
    """
    with closing(WritableCluster.connect(access.target)) as api, ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
        rollout.wait_for(api, pool, [access.pipeline[roles.INFLUXDB].workload], say, RESTARTS_WITHIN_S)


def foresee(site: Site, rotation: Rotation) -> None:
    """Say what a run would do, and change nothing."""
    step = rotation.next_step()
    for line in rotation.foreseen():
        site.say(line)
    site.say(f"{'goes on' if step else 'begins'} with: {', '.join(ahead(rotation, step))}")
    site.say("nothing was changed")


def _play(site: Site, rotation: Rotation, writer: Writer, component: str) -> None:
    """Carry it out and judge it, the gap by the recovery limit of ``component``."""
    began, at = time.monotonic(), time.time()
    _await_flow(rotation, writer)
    carry_out(rotation, site.say, writer.mark)
    carried = writer.carried()
    limit_s = site.pipeline[component].recovery_limit_s or float("inf")
    findings = [*carried.findings(limit_s), *rotation.findings()]
    note = noted(at, carried, findings[:LINES_NOTED])
    site.note(roles.INFLUXDB, f"{own_cluster.ROTATED}{rotation.what}", note)
    if findings:
        wrong = f"the {rotation.what} were rotated, and not all is right: {'; '.join(findings)}"
        raise RotationFailed(wrong, next_step="make daily")
    site.say(f"proved: the {rotation.what} are rotated; {carried}; took {exact_duration(time.monotonic() - began)}")


def _await_flow(rotation: Rotation, writer: Writer) -> None:
    """What a run before left broken may be what holds the readings up: then the rotation goes on without waiting."""
    if rotation.next_step() is not None:
        return
    try:
        writer.await_flow()
    except WaitExpired as error:
        raise PreconditionNotMet(f"nothing was changed: {error.message}", next_step="make daily") from error
