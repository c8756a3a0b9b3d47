"""Faults inside Kafka and InfluxDB, made with their own tools: a topic deleted or set otherwise, a bucket renamed.

The tools run from the node in the namespaces of the server's container: that of the pod which runs when the step is
done, for an undo has to work when the pod was replaced meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.faults.journal import Command
from pipeline_services.faults.model import Fault
from pipeline_services.faults.pods import container_name
from pipeline_services.faults.processes import FIRST_PROCESS
from pipeline_services.model.pipeline import Pipeline

_BEGINNING: Final = re.compile(r"[a-z]+-[0-9]{6,}[a-z0-9-]*")
# $1 the container, $2 the server's address, $3 InfluxDB's operator's token; what follows them is the script's own.
# Lets ``inside`` run a program where the server has its files, its network and its name.
_INSIDE: Final = f"""{FIRST_PROCESS}
pid=$(first_process "$1") address=$2 token=$3
[ -n "$pid" ] || {{ echo "no process of $1 runs on this node"; exit 1; }}
shift 3
inside() {{
  nsenter -t "$pid" -m -n -p env -i PATH=/opt/kafka/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp \\
    SSL_CERT_FILE=/etc/influxdb-tls/ca.crt "$@"
}}
"""
# $1 deletes, removes or makes, $2 topic (to remove: a regular expression), $3 partitions.
_TOPIC: Final = f"""{_INSIDE}
topics() {{ inside kafka-topics.sh --bootstrap-server "$address" "$@"; }}
case "$1" in
delete) topics --delete --topic "$2" ;;
remove) topics --delete --if-exists --topic "$2" ;;
create) topics --create --if-not-exists --topic "$2" --partitions "$3" --config flush.messages=1 ;;
esac
"""
# $1 whom or what it is about, in words, $2 the words that change it.
_CONFIGS: Final = f"""{_INSIDE}
said=$(inside kafka-configs.sh --bootstrap-server "$address" --alter $1 $2 2>&1) && exit 0
case "$2 $said" in *--delete-config*'Invalid config(s)'*) exit 0 ;; esac # there is none any more
echo "$said"
exit 1
"""
# $1... the words of influx.
_INFLUX: Final = f"""{_INSIDE}
group=$1 verb=$2
shift 2
inside influx "$group" "$verb" --host "$address" --token "$token" "$@" >/dev/null
"""
# $1 bucket or task, $2 the name, $3 what the shell's pattern has after the name: with * all that begin like that,
# $4 the organisation.
_REMOVE: Final = f"""{_INSIDE}
group=$1 wanted=$2$3 org=$4
influx() {{ inside influx "$group" "$@" --host "$address" --token "$token" </dev/null; }}
found=$(influx list --org "$org" --hide-headers) || {{ echo "$found"; exit 1; }}
echo "$found" | while read -r id name _; do
  case "$name" in $wanted) influx delete --id "$id" >/dev/null || exit 1 ;; esac
done
"""
# $1 active or inactive, $2 the token's id; influx auth takes no address.
_TOKEN: Final = f"""{_INSIDE}
inside curl -sS --fail -o /dev/null -X PATCH -H "Authorization: Token $token" -H 'Content-Type: application/json' \\
  -d "{{\\"status\\": \\"$1\\"}}" --cacert /etc/influxdb-tls/ca.crt "$address/api/v2/authorizations/$2"
"""
# $1 the bucket's name, $2 the organisation, $3 how many shards.
_SHARDS: Final = f"""{_INSIDE}
bucket=$1 org=$2 count=$3
inside influx bucket create --host "$address" --token "$token" --org "$org" --name "$bucket" \\
  --shard-group-duration 24h </dev/null >/dev/null || exit 1
now=$(date +%s)
for day in $(seq "$count"); do echo "filler value=1 $((now - day * 86400))"; done |
  inside curl -sS --fail -o /dev/null --data-binary @- -H "Authorization: Token $token" \\
    --cacert /etc/influxdb-tls/ca.crt "$address/api/v2/write?org=$org&bucket=$bucket&precision=s"
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Kafka or InfluxDB of one pipeline, and how their own tools reach it in its container.

    Attributes:
        namespace, container: where it runs; the latter as ``container_name`` has it.
        address: ``host:port`` of Kafka, InfluxDB's URL.
        token: InfluxDB's operator's, which may do what the faults do; Kafka asks for none.
    """

    namespace: str
    container: str
    address: str
    token: str = ""

    @classmethod
    def of(cls, pipeline: Pipeline, component: str, token: str = "") -> Server:
        """That of a pipeline. Raises NotApplicable where its profile gives the component no Service."""
        service, namespace = pipeline.service(component), pipeline.namespace
        address = replace(service, name="localhost")
        container = container_name(pipeline[component], namespace)
        return cls(namespace, container, address.url if service.scheme else address.address, token)

    def step(self, script: str, what: str, *words: str) -> Command:
        """The step that runs a script with these arguments; ``what`` says it in words, without the token."""
        arguments = [self.container, self.address, self.token, *words]
        return Command(["sh", "-c", script, "sh", *arguments], what, self.namespace)


def topics_removed(broker: Server, beginning: str) -> Command:
    """The step that deletes every topic whose name begins like that, where there is one; its groups go with it.

    Raises:
        ValueError: the target is not explicit.
    """
    return broker.step(
        _TOPIC, f"topics {beginning}* deleted where there are any", "remove", f"{_explicit(beginning)}.*"
    )


def topic_removed(broker: Server, topic: str) -> Command:
    """The step that deletes a topic, where there is one. Its name stands for itself: it is no pattern."""
    return broker.step(_TOPIC, f"topic {topic} deleted where it is", "remove", re.escape(topic))


def buckets_removed(store: Server, beginning: str, org: str) -> Command:
    """The step that deletes every bucket whose name begins like that, where there is one.

    Raises:
        ValueError: the target is not explicit.
    """
    what = f"buckets {beginning}* deleted where there are any"
    return store.step(_REMOVE, what, "bucket", _explicit(beginning), "*", org)


def _explicit(beginning: str) -> str:
    if not _BEGINNING.fullmatch(beginning):
        raise ValueError(f"a fault needs an explicit target, not all that begins with {beginning!r}")
    return beginning


def topic_deleted(broker: Server, topic: str, partitions: int) -> Fault:
    """The fault that deletes a topic with all that is in it. Its undo makes an empty one, where nobody else did."""
    return Fault(
        f"topic {topic} deleted",
        [broker.step(_TOPIC, f"topic {topic} deleted", "delete", topic)],
        [broker.step(_TOPIC, f"topic {topic} made where it is missing", "create", topic, str(partitions))],
    )


def topic_set(broker: Server, topic: str, values: Mapping[str, str]) -> Fault:
    """The fault that gives a topic settings of its own. Its undo takes them away: the broker's count again."""
    return _configured(broker, f"--entity-type topics --entity-name {topic}", values, f"topic {topic}")


def clients_limited(broker: Server, values: Mapping[str, str]) -> Fault:
    """The fault that gives every client which has no quota of its own a quota."""
    return _configured(broker, "--entity-type clients --entity-default", values, "every client")


def brokers_set(broker: Server, values: Mapping[str, str]) -> Fault:
    """The fault that sets something of all brokers at run time."""
    return _configured(broker, "--entity-type brokers --entity-default", values, "every broker")


def _configured(broker: Server, what: str, values: Mapping[str, str], name: str) -> Fault:
    settings = ",".join(f"{key}={value}" for key, value in values.items())
    keys = ",".join(values)
    return Fault(
        f"{name}: {settings}",
        [broker.step(_CONFIGS, f"{name}: {settings}", what, f"--add-config {settings}")],
        [broker.step(_CONFIGS, f"{name}: no {keys} of its own", what, f"--delete-config {keys}")],
    )


def bucket_renamed(store: Server, bucket_id: str, name: str, other: str) -> Fault:
    """The fault that gives a bucket of InfluxDB another name."""
    words = ["bucket", "update", "--id", bucket_id, "--name"]
    return Fault(
        f"bucket {name} renamed to {other}",
        [store.step(_INFLUX, f"bucket {name} renamed to {other}", *words, other)],
        [store.step(_INFLUX, f"bucket {name} has its name again", *words, name)],
    )


def organisation_renamed(store: Server, org_id: str, name: str, other: str) -> Fault:
    """The fault that gives an organisation of InfluxDB another name."""

    def called(wanted: str) -> Command:
        words = ["org", "update", "--id", org_id, "--name", wanted]
        return store.step(_INFLUX, f"the organisation is called {wanted}", *words)

    return Fault(f"organisation {name} renamed to {other}", [called(other)], [called(name)])


def shards_made(store: Server, bucket: str, count: int, org: str) -> Fault:
    """The change that gives InfluxDB so many shards more: a bucket with a point for each of so many days.

    Args:
        bucket: its name; nothing else may begin like that.

    Raises:
        ValueError: the name is not explicit.
    """
    undo = buckets_removed(store, bucket, org)
    made = f"a bucket {bucket} with {count} shards"
    return Fault(made, [store.step(_SHARDS, made, bucket, org, str(count))], [undo])


def bucket_set(store: Server, bucket_id: str, setting: str, values: tuple[int, int]) -> Fault:
    """The fault that sets a bucket of InfluxDB otherwise.

    Args:
        setting: ``--retention`` (0: for ever) or ``--shard-group-duration``.
        values: its seconds then, and what they are now.
    """
    seconds, before = values

    def told(value: int) -> Command:
        words = ["bucket", "update", "--id", bucket_id, setting, f"{value}s"]
        return store.step(_INFLUX, f"the bucket has {setting} {value}s", *words)

    return Fault(f"the bucket has {setting} {seconds}s", [told(seconds)], [told(before)])


def task_made(store: Server, name: str, flux: str, org: str) -> Fault:
    """The fault that lets InfluxDB run a task.

    Args:
        name: without a space.
        flux: what it does; it has to say the same name.
    """
    return Fault(
        f"the task {name} runs in InfluxDB",
        [store.step(_INFLUX, f"task {name} made", "task", "create", "--org", org, flux)],
        [store.step(_REMOVE, f"task {name} deleted where it is", "task", name, "", org)],
    )


def token_refused(store: Server, token_id: str) -> Fault:
    """The fault that lets InfluxDB refuse a token that it knows."""
    return Fault(
        f"the token {token_id} is refused",
        [store.step(_TOKEN, f"the token {token_id} is refused", "inactive", token_id)],
        [store.step(_TOKEN, f"the token {token_id} is accepted again", "active", token_id)],
    )
