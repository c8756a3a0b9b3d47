"""A backup is proved by what its restore gives back; the script leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.platform.cluster.backup import SCRIPT, proved

STORE = Store("an-org", "a-bucket", "a_measurement")
PROGRAMS = {
    "curl": """
case "$*" in
  */health) exit 0 ;;
  *18086/query*) echo '{"results":[{"series":[{"values":[["t",90]]}]}]}' ;;
  *) echo '{"results":[{"series":[{"values":[["t",100]]}]}]}' ;;
esac
""",
    "influx": """
echo "$1 token=$INFLUX_TOKEN host=$INFLUX_HOST" >>"$CALLS"
test "$1" != "$FAILING" || { echo "cannot $1" >&2; exit 1; }
""",
    "influxd": """
echo "influxd tls=${INFLUXD_TLS_CERT-} at=$INFLUXD_HTTP_BIND_ADDRESS pid=$$" >>"$CALLS"
exec sleep 60
""",
}


def answer(count: int | None) -> str:
    series = {} if count is None else {"series": [{"values": [["2026-11-23T06:00:00Z", count]]}]}
    return json.dumps({"results": [series]})


def said(before: int | None, after: int | None, restored: int | None) -> str:
    counts = {"before": before, "after": after, "restored": restored}
    return "a warning\n" + "".join(f"{step} {answer(count)}\n" for step, count in counts.items())


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a pod whose programs only note how they were called."""
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}")
        (tmp_path / name).chmod(0o755)
    calls = tmp_path / "calls"
    calls.touch()
    known = {"INFLUX_HOST": "https://localhost:8086", "INFLUXD_TLS_CERT": "x", "FAILING": "", "CALLS": str(calls)}
    left = tmp_path / "tmp"
    left.mkdir()
    yield os.environ | known | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(left)}
    assert not list(left.iterdir())
    for line in calls.read_text().splitlines():
        if "pid=" in line:
            assert not Path("/proc", line.rpartition("pid=")[2]).exists()


def run_in(pod: dict[str, str], script: str) -> str:
    done = subprocess.run(["bash", "-s"], input=script, env=pod, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnexpectedAnswer(done.stderr)
    return done.stdout


def test_what_was_restored_is_counted_beside_what_was_stored(pod: dict[str, str]) -> None:
    result = proved(lambda script: run_in(pod, script), "it's secret", STORE, now=lambda: 1_763_870_400.7)
    assert result == {"at": 1763870401, "stored": 100, "restored": 90}
    backup, server, setup, restore = Path(pod["CALLS"]).read_text().splitlines()
    assert backup == "backup token=it's secret host=https://localhost:8086"
    assert server.startswith("influxd tls= at=127.0.0.1:18086")
    assert setup.startswith("setup token=")
    assert restore.endswith("host=http://127.0.0.1:18086")
    assert "secret" not in setup + restore


@pytest.mark.parametrize("step", ["backup", "setup", "restore"])
def test_a_step_that_fails_says_so_and_leaves_nothing(pod: dict[str, str], step: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=f"cannot {step}"):
        proved(lambda script: run_in(pod | {"FAILING": step}, script), "token", STORE)


def test_everything_given_back() -> None:
    assert proved(lambda _: said(7, 7, 7), "token", STORE)["restored"] == 7
    assert proved(lambda _: said(7, 7, None), "token", STORE)["restored"] == 0


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (said(7, 9, 9), PreconditionNotMet),
        (said(None, None, None), NoData),
        ("", UnexpectedAnswer),
        (said(7, 7, 7).replace("7", "many"), UnexpectedAnswer),
        ("before x\nafter x\nrestored x\n", UnexpectedAnswer),
    ],
)
def test_what_proves_nothing(output: str, error: type[PipelineError]) -> None:
    with pytest.raises(error):
        proved(lambda _: output, "token", STORE)


def test_the_token_is_in_no_command_line() -> None:
    lines = [line for line in SCRIPT.splitlines() if "INFLUX_TOKEN" in line]
    assert not [line for line in lines if "curl" in line or "influx backup" in line]
