"""Is a backup of InfluxDB worth anything? It is restored into a server of its own, and the readings are counted."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pipeline_services.clients import shell
from pipeline_services.clients.failures import PlatformError
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import secret_value
from pipeline_services.platform.cluster.access import ClusterAccess

WITHIN: Final = 600.0
SETTLED: Final = "5m"
"""How old the readings are that are counted: late ones have arrived, so that two counts of the same data agree."""
# Everything is kept in one folder of the pod, which goes at the end however it ends. The second server listens on the
# loopback interface only and has an operator of its own. What is read from standard input is this script itself.
SCRIPT: Final = """
set -eu
umask 077
work=$(mktemp -d)
server=
clean_up() {
  test -z "$server" || { kill -9 "$server"; wait "$server"; } 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
until=$(date -u -d "-$settled" +%Y-%m-%dT%H:%M:%SZ)
copy=http://127.0.0.1:18086
count() {
  printf 'Authorization: Token %s' "$INFLUX_TOKEN" >"$work/header"
  curl -sS --fail --max-time 120 --get "$1/query" -H "@$work/header" --data-urlencode "db=$bucket" \\
    --data-urlencode "q=SELECT COUNT(value) FROM $measurement WHERE time <= '$until'" | tr -d '\\n'
}
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }
main() {
  export INFLUX_TOKEN INFLUX_CONFIGS_PATH="$work/configs"
  echo "before $(count "$INFLUX_HOST")"
  quietly influx backup --bucket "$bucket" "$work/backup"
  echo "after $(count "$INFLUX_HOST")"
  env -u INFLUXD_TLS_CERT -u INFLUXD_TLS_KEY INFLUXD_HTTP_BIND_ADDRESS="${copy#http://}" \\
    INFLUXD_BOLT_PATH="$work/bolt" INFLUXD_SQLITE_PATH="$work/sqlite" INFLUXD_ENGINE_PATH="$work/engine" \\
    influxd >"$work/server" 2>&1 &
  server=$!
  tries=120
  until curl -sf --max-time 2 "$copy/health" >/dev/null; do
    tries=$((tries - 1))
    test $tries -gt 0 && kill -0 "$server" || { tail -5 "$work/server" >&2; exit 1; }
    sleep 0.5
  done
  INFLUX_HOST=$copy INFLUX_TOKEN=$(head -c 24 /dev/urandom | base64 | tr -d '+/=')
  export INFLUX_HOST
  quietly influx setup --force --username operator --password "$INFLUX_TOKEN" --token "$INFLUX_TOKEN" \\
    --org "$org" --bucket unused
  quietly influx restore --bucket "$bucket" "$work/backup"
  echo "restored $(count "$copy")"
}
main </dev/null
"""

Run = Callable[[str], str]


def backup_test(access: ClusterAccess, kubectl: Path, progress: Callable[[str], None]) -> None:
    """Back up, restore beside it, count both, and note the result on the volume claim for the weekly check.

    Raises:
        PlatformError: the backup did not give everything back.
        CommandFailed: a step failed; its last words are in the error.
        NoData: nothing old enough is stored.
        PreconditionNotMet: old readings arrive while they are counted.
        UnexpectedAnswer: the pod says something else than counts.
    """
    pipeline = access.pipeline
    influxdb = pipeline[roles.INFLUXDB]
    with closing(Cluster.connect(access.target)) as cluster:
        secret = cluster.get("Secret", pipeline.config.admin)
    if secret is None:
        raise PreconditionNotMet(f"there is no secret {pipeline.config.admin}", next_step="make up")
    token = secret_value([secret], pipeline.config.admin, "token").decode()
    flags = ["--kubeconfig", str(access.kubeconfig), "--context", access.context, "-n", pipeline.namespace]

    def in_pod(script: str) -> str:
        with tempfile.TemporaryFile() as file:
            file.write(script.encode())
            file.seek(0)
            words = [
                str(kubectl),
                *flags,
                "exec",
                "-i",
                influxdb.first_pod,
                "-c",
                influxdb.container,
                "--",
                "bash",
                "-s",
            ]
            return shell.run(words, stdin=file, what="the restore of a backup", timeout=WITHIN)

    result = proved(in_pod, token, pipeline.store)
    note = f"{own_cluster.BACKUP_TESTED}={json.dumps(result)}"
    noting = [str(kubectl), *flags, "annotate", "--overwrite", "pvc", influxdb.volume, note]
    shell.run(noting, what="kubectl annotate", timeout=30)
    said = f"stored {result['stored']} readings, restored {result['restored']}; noted on the claim {influxdb.volume}"
    if result["restored"] != result["stored"]:
        raise PlatformError(f"the backup did not give everything back: {said}")
    progress(said)


def proved(run: Run, token: str, store: Store, now: Callable[[], float] = time.time) -> dict[str, Any]:
    """What a restored backup gave back; ``run`` executes a script in InfluxDB's pod. Raises as ``backup_test``."""
    at = now()
    known = {
        "INFLUX_TOKEN": token,
        "bucket": store.bucket,
        "org": store.org,
        "measurement": store.measurement,
        "settled": SETTLED.replace("m", " minutes"),
    }
    head = "".join(f"{name}={shlex.quote(value)}\n" for name, value in known.items())
    said = dict(line.split(" ", 1) for line in run(head + SCRIPT).splitlines() if " " in line)
    try:
        before, after, restored = (_count(said[step]) for step in ("before", "after", "restored"))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise UnexpectedAnswer(f"the pod does not say what it counted: {said}") from error
    if before != after:
        raise PreconditionNotMet(f"{after - before} old readings arrived meanwhile", next_step="make backup-test")
    if before == 0:
        raise NoData(f"no reading older than {SETTLED} is stored, so there is nothing to restore")
    return {"at": round(at), "stored": before, "restored": restored}


def _count(answer: str) -> int:
    """The one number in an answer of InfluxDB; an answer without a series is zero."""
    result = json.loads(answer)["results"][0]
    return int(result["series"][0]["values"][0][1]) if result.get("series") else 0
