"""Commands as they are written once, and as an operator of one pipeline pastes them: placeholders become its names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NotApplicable

if TYPE_CHECKING:
    from pipeline_services.model.pipeline import Pipeline

_PLACEHOLDER: Final = re.compile(r"(?<!\$)\{([a-z_]+)(?::([a-z_-]+))?\}")

_KAFKA_TOOL: Final = re.compile(r"\b(kafka-[a-z-]+)\.sh\b")
_KUBECTL: Final = re.compile(r"(?<![\w./-])kubectl (?!--)")
_READS: Final = re.compile(r"^kubectl( --context \S+)? (get|describe|logs|top|exec|rollout history|rollout status)\b")
_ALTERS: Final = re.compile(r" --(alter|create|delete)\b| influx [a-z]+ (update|delete)\b")
"""Words of the brokers' own tools, which are typed in a container."""
_LOOKS_AGAIN: Final = ("make daily", "make triage")
_KEPT: Final = re.compile(r" > \S+$")
_OPEN_ENDED: Final = re.compile(r" --watch\b| -w\b| -f\b| port-forward ")
LOGS_OF: Final = "kubectl logs -n {namespace} -l {selector:%s} --tail=100"
TOP_PODS: Final = "kubectl top pods -n {namespace} --containers"
_LOCAL_BROKER: Final = "--bootstrap-server localhost:{port:kafka}"
DESCRIBE_GROUP: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-consumer-groups.sh --bootstrap-server localhost:{port:kafka} "
    "--group {group} --describe"
)
DESCRIBE_TOPIC: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-topics.sh --bootstrap-server localhost:{port:kafka} "
    "--describe --topic {topic}"
)
LIST_TOPICS: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-topics.sh --bootstrap-server localhost:{port:kafka} --list"
)
"""What shows that a topic is not there: to describe it is an error."""
DESCRIBE_SIZES: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-log-dirs.sh --bootstrap-server localhost:{port:kafka} --describe"
)
DESCRIBE_QUOTAS: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-configs.sh --bootstrap-server localhost:{port:kafka} "
    "--describe --entity-type clients"
)
DESCRIBE_BROKERS: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-configs.sh --bootstrap-server localhost:{port:kafka} "
    "--describe --entity-type brokers"
)
_AS_OPERATOR: Final = (
    "kubectl get secret -n {namespace} {secret:admin} -o jsonpath='{.data.token}' | base64 -d | "
    "kubectl exec -i -n {namespace} {pod:influxdb} -- sh -c 'INFLUX_TOKEN=$(cat) influx %s'"
)
READ_DEAD_LETTER: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-console-consumer.sh --bootstrap-server localhost:{port:kafka} "
    "--topic {dead_letter_topic} --from-beginning --max-messages 1 --timeout-ms 10000"
)

_OF_THE_PIPELINE: Final[Mapping[str, Callable[[Pipeline], str]]] = MappingProxyType(
    {
        "config_map": lambda pipeline: pipeline.config.config_map,
        "topic": lambda pipeline: pipeline.topics.readings,
        "dead_letter_topic": lambda pipeline: pipeline.topics.dead_letters,
        "group": lambda pipeline: pipeline.topics.group,
        "org": lambda pipeline: pipeline.store.org,
        "bucket": lambda pipeline: pipeline.store.bucket,
        "measurement": lambda pipeline: pipeline.store.measurement,
        "dashboard": lambda pipeline: pipeline.dashboard.uid,
    }
)
_OF_A_COMPONENT: Final[Mapping[str, Callable[[Component], str]]] = MappingProxyType(
    {
        "workload": lambda part: part.kubectl_name,
        "kind": lambda part: part.kind.lower(),
        "name": lambda part: part.workload,
        "pod": lambda part: part.workload and part.first_pod,
        "selector": lambda part: part.label_selector,
        "container": lambda part: part.container,
        "service": lambda part: part.service.name if part.service else "",
        "port": lambda part: str(part.service.port) if part.service else "",
        "volume": lambda part: part.volume,
        "mount": lambda part: part.mount,
        "hpa": lambda part: part.autoscaler.name if part.autoscaler else "",
    }
)
_SECRETS: Final[Mapping[str, Callable[[Pipeline], str]]] = MappingProxyType(
    {
        "write_token": lambda pipeline: pipeline.config.write_token.secret,
        "read_token": lambda pipeline: pipeline.config.read_token.secret,
        "tls": lambda pipeline: pipeline.config.tls,
        "admin": lambda pipeline: pipeline.config.admin,
    }
)


def fill(
    command: str, pipeline: Pipeline, namespace: str = "", details: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The command with the pipeline's own names in place of its placeholders.

    ``{namespace}``, ``{config_map}``, ``{topic}``, ``{dead_letter_topic}``, ``{group}``, ``{org}``, ``{bucket}``,
    ``{measurement}`` and ``{dashboard}`` (its UID) are the pipeline's. ``{pod:kafka}`` is a StatefulSet's first pod,
    ``{workload:kafka}`` the workload as ``kind/name``, and so on for ``kind``, ``name``, ``selector``, ``container``,
    ``service``, ``port``, ``volume``, ``mount``, ``hpa`` and ``namespace`` of any component. ``{secret:tls}`` is the
    Secret in that role (``write_token``, ``read_token``, ``tls``, ``admin``). Whatever else stands in braces
    (``{.data.tls\\.crt}``) is left alone. Kafka's own commands are called as they are in the broker's container, or
    where that is outside the cluster, as they are anywhere.

    Args:
        namespace: where the pipeline runs; empty means the profile's own.
        details: placeholders of the finding's own, without a colon; they come first.

    Raises:
        NotApplicable: the profile has nothing to put there.
        ValueError: there is no such placeholder.
    """
    known = {"namespace": namespace or pipeline.namespace, **details}

    def value(found: re.Match[str]) -> str:
        word, of = found.groups()
        if of is None and word in known:
            return known[word]
        if word == "namespace" and of in pipeline.components:
            return pipeline.components[of].namespace or known[word]
        return _described(found.group(), word, of, pipeline)

    typed = _from_outside(command, pipeline.components.get(roles.KAFKA))
    return _KAFKA_TOOL.sub(rf"\1{pipeline.topics.tools}", _PLACEHOLDER.sub(value, typed))


def _from_outside(command: str, kafka: Component | None) -> str:
    """The command as it is typed where Kafka is outside the cluster: with its own tools, at its address."""
    if kafka is None or not kafka.address or _LOCAL_BROKER not in command:
        return command
    login = " --command-config client.properties" if kafka.security else ""
    _, _, in_the_container = command.partition(" -- ")
    return in_the_container.replace(_LOCAL_BROKER, f"--bootstrap-server {kafka.address}{login}")


def as_operator(words: str) -> str:
    """A command of ``influx`` with the rights of its administrator, whose token stands in no argument."""
    return _AS_OPERATOR % words


def in_context(command: str, context: str) -> str:
    """The command for the cluster of that context, whatever context is the current one where it is pasted.

    Without a context (the suite runs in the cluster that it looks at) the command stays as it is.
    """
    return _KUBECTL.sub(lambda _: f"kubectl --context {quote(context)} ", command) if context else command


def is_open_ended(command: str) -> bool:
    """Whether the command goes on until somebody stops it."""
    return bool(_OPEN_ENDED.search(command))


def changes(command: str) -> bool:
    """Whether the command changes the cluster: it neither reads nor looks again."""
    if command.startswith(_LOOKS_AGAIN):
        return False
    return not _READS.match(command) or bool(_ALTERS.search(command))


def keeps(command: str) -> bool:
    """Whether the command writes what it reads into a file, which a later one needs."""
    return bool(_KEPT.search(command))


def _described(placeholder: str, word: str, of: str | None, pipeline: Pipeline) -> str:
    if of is None and word in _OF_THE_PIPELINE:
        return _OF_THE_PIPELINE[word](pipeline)
    if word == "secret" and of is not None and of in _SECRETS:
        return _SECRETS[of](pipeline)
    if of is None or word not in _OF_A_COMPONENT:
        raise ValueError(f"there is no placeholder {placeholder}")
    found = _OF_A_COMPONENT[word](pipeline[of]) if of in pipeline.components else ""
    if not found:
        raise NotApplicable(f"the profile of {pipeline.name} has nothing for {placeholder}")
    return found
