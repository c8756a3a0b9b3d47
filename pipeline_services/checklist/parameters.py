"""How the table of checks says which cases a check has on a pipeline, and which components each of them needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pipeline_services.checklist.model import Needs, Parameters, ParametersOf
from pipeline_services.judgements import grafana, upkeep
from pipeline_services.model import roles
from pipeline_services.model.flows import Connection
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.metrics.metric import KUBERNETES, with_levels
from pipeline_services.model.pipeline import PROMETHEUS, Pipeline
from pipeline_services.model.settings import Settings

_PANEL_SOURCES: Final[Mapping[str, str]] = {"InfluxDB writes": roles.INFLUXDB, "Log errors": roles.LOKI}


def one(component: str) -> ParametersOf:
    """A single case, without parameters."""
    return lambda _: {(): component}


def _reported(pipeline: Pipeline, component: str) -> str:
    return pipeline.components[component].reports_to if component in pipeline.components else component


def one_where(component: str, has: Callable[[Pipeline], object]) -> ParametersOf:
    """A single case, without parameters, where the pipeline has what it is about."""
    return where(has, one(component))


def where(has: Callable[[Pipeline], object], parameters: ParametersOf) -> ParametersOf:
    """The cases where the pipeline has what they rest on, else none."""
    return lambda pipeline: parameters(pipeline) if has(pipeline) else {}


def influxdb_with_tls(pipeline: Pipeline) -> Mapping[Parameters, str]:
    """A single case, without parameters, where InfluxDB shows a certificate."""
    return {(): roles.INFLUXDB} if pipeline.config.tls else {}


def cluster(pipeline: Pipeline) -> bool:
    """Whether parts of the cluster are to be looked at."""
    return bool(pipeline.cluster)


def own_broker(pipeline: Pipeline) -> bool:
    """Whether Kafka is in the cluster; of a foreign one its owner alone may ask what all its clients do."""
    return roles.KAFKA in pipeline.workloads


def own_grafana(pipeline: Pipeline) -> bool:
    """Whether the pipeline runs Grafana itself."""
    return roles.GRAFANA in pipeline.workloads


def dashboard(pipeline: Pipeline) -> bool:
    """Whether Grafana has a dashboard that everybody may read."""
    return bool(pipeline.dashboard.uid)


def loads(pipeline: Pipeline) -> bool:
    """Whether a setting says how much is produced."""
    return bool(pipeline.config.config_map and pipeline.config.positive)


def kubelet_scraped(pipeline: Pipeline) -> bool:
    """Whether its Prometheus asks the kubelet about containers and volumes."""
    return pipeline.usage == PROMETHEUS


def each(components: Callable[[Pipeline], Iterable[str]]) -> ParametersOf:
    """A case for each of the components, which it names, or the one that it is a part of."""
    return lambda pipeline: {(one,): _reported(pipeline, one) for one in components(pipeline)}


def each_of(component: str, subjects: Callable[[Pipeline], Iterable[str]]) -> ParametersOf:
    """A case for each of the subjects; all name the one component."""
    return lambda pipeline: {(subject,): component for subject in subjects(pipeline)}


def each_owned(owners: Callable[[Pipeline], Mapping[str, str]]) -> ParametersOf:
    """A case for each of the subjects, which names the component that owns it."""
    return lambda pipeline: {(subject,): component for subject, component in owners(pipeline).items()}


def metrics(pipeline: Pipeline) -> Mapping[Parameters, str]:
    """A case for each key metric, or for each of its subjects where it has several."""
    return {
        (metric.id, subject): _reported(pipeline, metric.component_of(subject))
        for metric in metrics_of(pipeline).values()
        for subject in metric.cases(pipeline)
    }


def apps(pipeline: Pipeline) -> Mapping[str, str]:
    """Everything that runs as pods, with the component that findings about it name."""
    return {part.id: part.reports_to for part in pipeline.workloads.values()}


def trends(pipeline: Pipeline) -> Mapping[str, str]:
    """What may creep, with the component that findings about it name."""
    return {trend: what.component for trend, what in upkeep.trends(pipeline).items()}


def metric_with_levels(pipeline: Pipeline, settings: Settings, metric_id: str, subject: str) -> tuple[object, ...]:
    """The metric with the levels of this environment, and the subject."""
    return with_levels(metrics_of(pipeline), settings.thresholds)[metric_id], subject


def needs_of_metric(pipeline: Pipeline, metric_id: str, subject: str) -> Iterable[str]:
    """The tool that knows the metric, what produces it, and the component whose figure it is."""
    metric, whose = metrics_of(pipeline)[metric_id], pipeline.autoscalers.get(subject, subject)
    tool = () if metric.tool == KUBERNETES else (metric.tool,)
    return (*tool, *metric.needs, metric.component or whose, *([whose] if whose in pipeline.components else ()))


def needs_of_panel(_: Pipeline, panel: str) -> Iterable[str]:
    """The data source of the panel, and the components that it shows."""
    return (_PANEL_SOURCES.get(panel, roles.PROMETHEUS), *grafana.SHOWN.get(panel, ()))


def needs_of_trend(pipeline: Pipeline, trend: str) -> Iterable[str]:
    """Prometheus, and the component whose memory or volume it is."""
    whose = trend.rpartition("-")[2]
    return (roles.PROMETHEUS, *([whose] if whose in pipeline.components else ()))


def prometheus_and_itself(_: Pipeline, component: str) -> Iterable[str]:
    """Prometheus, and the component that is the parameter."""
    return (roles.PROMETHEUS, component)


def ends_of(connections: Callable[[Pipeline], Mapping[str, Connection]]) -> Needs:
    """The components at both ends of a connection, by its id."""

    def needs(pipeline: Pipeline, connection_id: str) -> Iterable[str]:
        connection = connections(pipeline)[connection_id]
        return (*reporting(pipeline, connection.source), *reporting(pipeline, connection.destination))

    return needs


def reporting(pipeline: Pipeline, end: str) -> Iterable[str]:
    """The component that findings about this end of a connection name; none where it stands for several."""
    return (pipeline[end].reports_to,) if end in pipeline.components else ()


def scaled_by(pipeline: Pipeline, hpa: str) -> Iterable[str]:
    """The component that the autoscaler scales."""
    return (pipeline.autoscalers[hpa],)


def itself(_: Pipeline, component: str) -> Iterable[str]:
    """The component that is the parameter."""
    return (component,)


def always(*components: str) -> Needs:
    """The same for every case."""
    return lambda *_: components
