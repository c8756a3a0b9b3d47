"""What the services say for themselves, each through a port-forward of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from threading import Lock
from typing import Any, Final, TypeVar

from pipeline_services.clients.grafana import GrafanaApi, panels
from pipeline_services.clients.http import AT_ONCE, HttpApi, Tls
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.loki import LokiApi
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.prometheus import PrometheusApi
from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError, ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.sources.deep import onset
from pipeline_services.snapshot.sources.upkeep import upkeep_reads, upkeep_sources

T = TypeVar("T")
WINDOW: Final = 600.0
RECENT: Final = 300.0
LINES: Final = 100
_Lists = Mapping[str, "Future[list[dict[str, Any]]]"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where the collection takes place, and what is looked at.

    Attributes:
        at: epoch seconds, by the clock of the API server.
        ahead_s: seconds that this machine's clock is ahead of it.
    """

    at: float
    namespace: str
    pipeline: Pipeline
    ahead_s: float = 0.0


class Reach(AbstractContextManager["Reach"]):
    """Opens ways to services and closes all of them at the end."""

    def __init__(self, cluster: Cluster, lists: _Lists, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._cluster = cluster
        self._lists = lists
        self._open = ExitStack()
        self._lock = Lock()
        self._closed = False

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut every connection: whoever still waits for an answer gets an error."""
        with self._lock:
            self._closed = True
            self._open.close()

    def secrets(self) -> list[dict[str, Any]]:
        """The namespace's Secrets, values included; raises what listing them raised."""
        return self._lists["secrets"].result()

    def forward(self, component: str) -> PortForward:
        """A way to a ready pod behind a component's Service; raises as ``ready_endpoint`` and ``PortForward`` do."""
        slices = self._lists["endpointslices"].result()
        service = self.pipeline.service(component)
        selector = self.pipeline[component].label_selector
        endpoint = ready_endpoint(service, selector, slices, self._cluster.namespace)
        forward = PortForward(self._cluster, endpoint).__enter__()
        return self._keep(forward, forward.close)

    def http(self, forward: PortForward, *, tls: Tls | None = None) -> HttpApi:
        """HTTP over an open way."""
        api = HttpApi(forward.endpoint.service, forward.port, tls=tls, cause=lambda: forward.failure)
        return self._keep(api, api.close)

    def _keep(self, thing: T, close: Callable[[], None]) -> T:
        with self._lock:
            if not self._closed:
                self._open.callback(close)
                return thing
        close()
        raise ServiceUnreachable("the time for the collection is over")


def take_all(record: Record, reads: Iterable[tuple[str, Callable[[], Any]]]) -> None:
    """Read several sources of one service, a few at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(record.take, source, read) for source, read in reads]:
            done.result()


def prometheus_sources(*, deep: bool = False, upkeep: bool = False) -> list[str]:
    metrics = [f"prometheus/{metric}" for metric, _ in _prometheus_queries()]
    return ["prometheus_targets", *metrics, *(("onset",) if deep else ()), *(upkeep_sources() if upkeep else ())]


def _prometheus_queries() -> list[tuple[str, str]]:
    return [(metric.id, metric.query) for metric in KEY_METRICS.values() if metric.tool == "prometheus"]


def read_prometheus(reach: Reach, record: Record, moment: Moment, *, deep: bool = False, upkeep: bool = False) -> None:
    """Every key metric that Prometheus has, and its targets; with ``deep`` how the last half hour went, with ``upkeep``
    all that it remembers."""
    api = PrometheusApi(reach.http(reach.forward(roles.PROMETHEUS)), moment.namespace, reach.pipeline.query_words)
    queries = [(f"prometheus/{metric}", partial(api.query, query)) for metric, query in _prometheus_queries()]
    back: list[tuple[str, Callable[[], Any]]] = (
        [("onset", partial(onset, api, moment.at, reach.pipeline))] if deep else []
    )
    back += upkeep_reads(api, moment.at, reach.pipeline) if upkeep else []
    take_all(record, [("prometheus_targets", api.targets), *back, *queries])


def loki_sources() -> list[str]:
    return ["loki_ready", "loki/all", "loki/errors", "loki/pods"]


def spec_queries(namespace: str) -> dict[str, str]:
    """Section 2's two searches, as written there."""
    everything = f'{{namespace="{namespace}"}}'
    return {"all": everything, "errors": f'{everything} |= "error" or "Error" or "ERROR"'}


def read_loki(reach: Reach, record: Record, moment: Moment) -> None:
    """Readiness, section 2's searches and how new each pod's lines are."""
    api = LokiApi(reach.http(reach.forward(roles.LOKI)))
    start, end = moment.at - WINDOW, moment.at + 1

    def ready() -> dict[str, Any]:
        answer = api.ready()
        return {"status": answer.status, "body": answer.text[:200]}

    searches = [
        (f"loki/{name}", partial(api.lines, logql, start=start, end=end, limit=LINES))
        for name, logql in spec_queries(moment.namespace).items()
    ]
    newest = ("loki/pods", lambda: api.newest_by_pod(moment.namespace, start=moment.at - RECENT, end=end))
    take_all(record, [("loki_ready", ready), newest, *searches])


def grafana_sources(pipeline: Pipeline, absent: frozenset[str]) -> list[str]:
    board = pipeline.dashboard
    sources = [f"grafana_datasources/{uid}" for component, uid in board.datasources.items() if component not in absent]
    return ["grafana_health", "grafana_dashboard", *sources, *(f"grafana_panels/{panel}" for panel in board.panels)]


def read_grafana(reach: Reach, record: Record, moment: Moment, *, absent: frozenset[str] = frozenset()) -> None:
    """Health, data sources, the dashboard, and each of its panels' queries."""
    api = GrafanaApi(reach.http(reach.forward(roles.GRAFANA)))
    wanted = reach.pipeline.dashboard
    record.take("grafana_health", api.health)
    sources = [
        (f"grafana_datasources/{uid}", partial(_datasource, api, uid, moment))
        for component, uid in wanted.datasources.items()
        if component not in absent
    ]
    shown: list[tuple[str, Callable[[], Any]]] = []
    try:
        dashboard = api.dashboard(wanted.uid)
    except PipelineError as error:
        failed = ["grafana_dashboard", *(f"grafana_panels/{panel}" for panel in wanted.panels)]
        record.fail(failed, error)
    else:
        record.take("grafana_dashboard", lambda: dashboard)
        known = panels(dashboard)
        shown = [(f"grafana_panels/{panel}", partial(_panel, api, known, panel, moment)) for panel in wanted.panels]
    take_all(record, [*sources, *shown])


def _datasource(api: GrafanaApi, uid: str, moment: Moment) -> dict[str, Any]:
    if uid == moment.pipeline.dashboard.datasources.get(roles.LOKI):  # its plugin has no health call
        query = {"expr": spec_queries(moment.namespace)["all"], "queryType": "range", "maxLines": 1}
        wrong = api.datasource_query(uid, "loki", query, start=moment.at - RECENT, end=moment.at)
        return {"status": 500, "message": wrong} if wrong else {"status": 200, "message": "a query was answered"}
    status, message = api.datasource_health(uid)
    return {"status": status, "message": message}


def _panel(api: GrafanaApi, known: Mapping[int, Mapping[str, Any]], panel: int, moment: Moment) -> dict[str, Any]:
    if panel not in known:
        raise NoData(f"the dashboard has no panel {panel} ({moment.pipeline.dashboard.panels[panel]})")
    return asdict(api.panel(known[panel], start=moment.at - WINDOW, end=moment.at))
