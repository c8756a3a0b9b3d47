"""Faults inside Kafka and InfluxDB, made with their own tools: a topic deleted or set otherwise, a bucket renamed.

The tools run from the node in the namespaces of the broker's or the store's process, which is found by its name when
the step is done: an undo has to work when the container was started again meanwhile. Where a second pipeline runs on
the node, which of two is meant cannot be told, and nothing is done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pipeline_services.faults.journal import Command
from pipeline_services.faults.model import Fault

_BEGINNING: Final = re.compile(r"[a-z]+-[0-9]{6,}[a-z0-9-]*")
# Finds the process, and lets ``inside`` run a program where that has its files, its network and its name.
_BROKER: Final = """
pid=$(pgrep -f 'kafka[.]Kafka ') || { echo 'no broker runs'; exit 1; }
case "$pid" in *[!0-9]*) echo 'several brokers run on this node, and it is not known which is meant'; exit 1 ;; esac
inside() {
  nsenter -t "$pid" -m -n -p env -i PATH=/opt/kafka/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp "$@"
}
"""
_STORE: Final = """
pid=$(pgrep -x influxd) || { echo 'no InfluxDB runs'; exit 1; }
case "$pid" in *[!0-9]*) echo 'several InfluxDBs run on this node, and it is not known which is meant'; exit 1 ;; esac
inside() {
  nsenter -t "$pid" -m -n -p \\
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp SSL_CERT_FILE=/etc/influxdb-tls/ca.crt "$@"
}
"""
# $1 deletes, removes or makes, $2 topic (to remove: a regular expression), $3 the broker's port, $4 partitions.
_TOPIC: Final = f"""{_BROKER}
port=$3
topics() {{ inside kafka-topics.sh --bootstrap-server "localhost:$port" "$@"; }}
case "$1" in
delete) topics --delete --topic "$2" ;;
remove) topics --delete --if-exists --topic "$2" ;;
create) topics --create --if-not-exists --topic "$2" --partitions "$4" --config flush.messages=1 ;;
esac
"""
# $1 the broker's port, $2 whom or what it is about, in words, $3 the words that change it.
_CONFIGS: Final = f"""{_BROKER}
said=$(inside kafka-configs.sh --bootstrap-server "localhost:$1" --alter $2 $3 2>&1) && exit 0
case "$3 $said" in *--delete-config*'Invalid config(s)'*) exit 0 ;; esac # there is none any more
echo "$said"
exit 1
"""
# $1 the bucket's id, $2 its name from now on, $3 the operator's token, $4 InfluxDB's port.
_RENAME: Final = f"""{_STORE}
inside influx bucket update --host "https://localhost:$4" --token "$3" --id "$1" --name "$2" >/dev/null
"""
# $1 the operator's token, $2 InfluxDB's port, $3... the words of influx.
_INFLUX: Final = f"""{_STORE}
token=$1 port=$2 group=$3 verb=$4
shift 4
inside influx "$group" "$verb" --host "https://localhost:$port" --token "$token" "$@" >/dev/null
"""
# $1 the name, $2 the organisation, $3 the operator's token, $4 InfluxDB's port, $5 bucket or task, $6 what the shell's
# pattern has after the name: with * all that begin like that.
_REMOVE: Final = f"""{_STORE}
wanted=$1$6 org=$2 token=$3 port=$4 group=$5
influx() {{ inside influx "$group" "$@" --host "https://localhost:$port" --token "$token" </dev/null; }}
found=$(influx list --org "$org" --hide-headers) || {{ echo "$found"; exit 1; }}
echo "$found" | while read -r id name _; do
  case "$name" in $wanted) influx delete --id "$id" >/dev/null || exit 1 ;; esac
done
"""
# $1 active or inactive, $2 the token's id, $3 the operator's token, $4 InfluxDB's port; influx auth takes no address.
_TOKEN: Final = f"""{_STORE}
inside curl -sS --fail -o /dev/null -X PATCH -H "Authorization: Token $3" -H 'Content-Type: application/json' \\
  -d "{{\\"status\\": \\"$1\\"}}" --cacert /etc/influxdb-tls/ca.crt "https://localhost:$4/api/v2/authorizations/$2"
"""
# $1 the bucket's name, $2 the organisation, $3 how many shards, $4 the operator's token, $5 InfluxDB's port.
_SHARDS: Final = f"""{_STORE}
bucket=$1 org=$2 count=$3 token=$4 port=$5
inside influx bucket create --host "https://localhost:$port" --token "$token" --org "$org" --name "$bucket" \\
  --shard-group-duration 24h </dev/null >/dev/null || exit 1
now=$(date +%s)
for day in $(seq "$count"); do echo "filler value=1 $((now - day * 86400))"; done |
  inside curl -sS --fail -o /dev/null --data-binary @- -H "Authorization: Token $token" \\
    --cacert /etc/influxdb-tls/ca.crt "https://localhost:$port/api/v2/write?org=$org&bucket=$bucket&precision=s"
"""


def topics_removed(beginning: str, port: int) -> Command:
    """The step that deletes every topic whose name begins like that, where there is one; its groups go with it.

    Raises:
        ValueError: the target is not explicit.
    """
    words = ["sh", "-c", _TOPIC, "sh", "remove", f"{_explicit(beginning)}.*", str(port)]
    return Command(words, f"topics {beginning}* deleted where there are any")


def topic_removed(topic: str, port: int) -> Command:
    """The step that deletes a topic, where there is one. Its name stands for itself: it is no pattern."""
    words = ["sh", "-c", _TOPIC, "sh", "remove", re.escape(topic), str(port)]
    return Command(words, f"topic {topic} deleted where it is")


def buckets_removed(beginning: str, org: str, token: str, port: int) -> Command:
    """The step that deletes every bucket whose name begins like that, where there is one.

    Args:
        token: the operator's, which may do that.

    Raises:
        ValueError: the target is not explicit.
    """
    words = ["sh", "-c", _REMOVE, "sh", _explicit(beginning), org, token, str(port), "bucket", "*"]
    return Command(words, f"buckets {beginning}* deleted where there are any")


def _explicit(beginning: str) -> str:
    if not _BEGINNING.fullmatch(beginning):
        raise ValueError(f"a fault needs an explicit target, not all that begins with {beginning!r}")
    return beginning


def topic_deleted(topic: str, partitions: int, port: int) -> Fault:
    """The fault that deletes a topic with all that is in it. Its undo makes an empty one, where nobody else did.

    Args:
        port: the broker's.
    """
    words = ["sh", "-c", _TOPIC, "sh"]
    return Fault(
        f"topic {topic} deleted",
        [Command([*words, "delete", topic, str(port)], f"topic {topic} deleted")],
        [Command([*words, "create", topic, str(port), str(partitions)], f"topic {topic} made where it is missing")],
    )


def topic_set(topic: str, values: Mapping[str, str], port: int) -> Fault:
    """The fault that gives a topic settings of its own. Its undo takes them away: the broker's count again.

    Args:
        port: the broker's.
    """
    return _configured(f"--entity-type topics --entity-name {topic}", values, port, f"topic {topic}")


def clients_limited(values: Mapping[str, str], port: int) -> Fault:
    """The fault that gives every client which has no quota of its own a quota. ``port``: the broker's."""
    return _configured("--entity-type clients --entity-default", values, port, "every client")


def brokers_set(values: Mapping[str, str], port: int) -> Fault:
    """The fault that sets something of all brokers at run time. ``port``: the broker's."""
    return _configured("--entity-type brokers --entity-default", values, port, "every broker")


def _configured(what: str, values: Mapping[str, str], port: int, name: str) -> Fault:
    words = ["sh", "-c", _CONFIGS, "sh", str(port), what]
    settings = ",".join(f"{key}={value}" for key, value in values.items())
    keys = ",".join(values)
    return Fault(
        f"{name}: {settings}",
        [Command([*words, f"--add-config {settings}"], f"{name}: {settings}")],
        [Command([*words, f"--delete-config {keys}"], f"{name}: no {keys} of its own")],
    )


def bucket_renamed(bucket_id: str, name: str, other: str, token: str, port: int) -> Fault:
    """The fault that gives a bucket of InfluxDB another name.

    Args:
        token: the operator's, which may do that.
        port: InfluxDB's.
    """
    words = ["sh", "-c", _RENAME, "sh", bucket_id]
    return Fault(
        f"bucket {name} renamed to {other}",
        [Command([*words, other, token, str(port)], f"bucket {name} renamed to {other}")],
        [Command([*words, name, token, str(port)], f"bucket {name} has its name again")],
    )


def organisation_renamed(org_id: str, name: str, other: str, token: str, port: int) -> Fault:
    """The fault that gives an organisation of InfluxDB another name; its arguments are those of ``bucket_renamed``."""

    def called(wanted: str) -> Command:
        words = ["org", "update", "--id", org_id, "--name", wanted]
        return Command(["sh", "-c", _INFLUX, "sh", token, str(port), *words], f"the organisation is called {wanted}")

    return Fault(f"organisation {name} renamed to {other}", [called(other)], [called(name)])


def shards_made(bucket: str, count: int, org: str, token: str, port: int) -> Fault:
    """The change that gives InfluxDB so many shards more: a bucket with a point for each of so many days.

    Args:
        bucket: its name; nothing else may begin like that.
        token: the operator's, which may do that.
        port: InfluxDB's.

    Raises:
        ValueError: the name is not explicit.
    """
    undo = buckets_removed(bucket, org, token, port)
    words = ["sh", "-c", _SHARDS, "sh", bucket, org, str(count), token, str(port)]
    made = f"a bucket {bucket} with {count} shards"
    return Fault(made, [Command(words, made)], [undo])


def bucket_set(bucket_id: str, setting: str, values: tuple[int, int], token: str, port: int) -> Fault:
    """The fault that sets a bucket of InfluxDB otherwise.

    Args:
        setting: ``--retention`` (0: for ever) or ``--shard-group-duration``.
        values: its seconds then, and what they are now.
        token: the operator's, which may do that.
        port: InfluxDB's.
    """

    seconds, before = values

    def told(value: int) -> Command:
        words = ["bucket", "update", "--id", bucket_id, setting, f"{value}s"]
        return Command(["sh", "-c", _INFLUX, "sh", token, str(port), *words], f"the bucket has {setting} {value}s")

    return Fault(f"the bucket has {setting} {seconds}s", [told(seconds)], [told(before)])


def task_made(name: str, flux: str, org: str, token: str, port: int) -> Fault:
    """The fault that lets InfluxDB run a task.

    Args:
        name: without a space.
        flux: what it does; it has to say the same name.
        token: the operator's, which may do that.
        port: InfluxDB's.
    """
    make = ["sh", "-c", _INFLUX, "sh", token, str(port), "task", "create", "--org", org, flux]
    remove = ["sh", "-c", _REMOVE, "sh", name, org, token, str(port), "task", ""]
    return Fault(
        f"the task {name} runs in InfluxDB",
        [Command(make, f"task {name} made")],
        [Command(remove, f"task {name} deleted where it is")],
    )


def token_refused(token_id: str, token: str, port: int) -> Fault:
    """The fault that lets InfluxDB refuse a token that it knows.

    Args:
        token: the operator's, which may do that.
        port: InfluxDB's.
    """
    words, rest = ["sh", "-c", _TOKEN, "sh"], [token_id, token, str(port)]
    return Fault(
        f"the token {token_id} is refused",
        [Command([*words, "inactive", *rest], f"the token {token_id} is refused")],
        [Command([*words, "active", *rest], f"the token {token_id} is accepted again")],
    )
