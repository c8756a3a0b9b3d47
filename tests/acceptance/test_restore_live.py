"""InfluxDB's volume is lost, and a backup gives everything back: the commands of the runbook, in their order.

What is stored after it goes on in the same series; the command itself compares the points of the backup.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.maintenance.backup import CONSENT
from pipeline_services.maintenance.influxdb.proof import SETTLED_S
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from tests.acceptance.bench import ROOT, Judge, becomes_green

pytestmark = [pytest.mark.live, pytest.mark.slow]

CLAIM = "data-influxdb-0"
GONE_WITHIN_S = 90.0
ENOUGH = 1_000
TAKEN = re.compile(r"^(/\S+) \(.* old, [\d.]+ MB, (\d+) points in", re.MULTILINE)
PROVED = re.compile(r"restored and proved: (\d+) points")


def command(package: str, *arguments: str) -> str:
    """What a command of the suite printed; it has to end well."""
    line = [sys.executable, "-m", f"pipeline_services.{package}", *arguments]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_lost_volume_is_restored_and_proved(admin: WritableCluster, judge: Judge) -> None:
    taken = wait_until(_backup_with_points, within=2 * SETTLED_S, what="old points to back up", every=20.0)
    assert taken
    folder, points = taken
    _lose_the_volume(admin)
    command("cli", "up")
    proved = PROVED.search(command("maintenance", "restore", "--from", folder, "--consent", CONSENT))
    assert proved
    assert int(proved[1]) == points
    becomes_green(judge, "a green pipeline after the restore")


def test_without_the_word_nothing_is_replaced() -> None:
    taken = TAKEN.search(command("maintenance", "backup"))
    assert taken
    line = [sys.executable, "-m", "pipeline_services.maintenance", "restore", "--from", taken[1]]
    done = subprocess.run(line, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"nothing was changed: the word was not {CONSENT!r}\n"


def _backup_with_points() -> tuple[str, int] | None:
    """Folder and points of a backup of enough that a loss would show."""
    taken = TAKEN.search(command("maintenance", "backup"))
    assert taken
    points = int(taken[2])
    return (taken[1], points) if points > ENOUGH else None


def _lose_the_volume(admin: WritableCluster) -> None:
    part = Pipeline.load()[roles.INFLUXDB]
    admin.merge("StatefulSet", part.workload, {"spec": {"replicas": 0}})
    _gone(admin, "Pod", part.first_pod)
    admin.delete("PersistentVolumeClaim", CLAIM)
    _gone(admin, "PersistentVolumeClaim", CLAIM)


def _gone(admin: WritableCluster, kind: str, name: str) -> None:
    wait_until(lambda: admin.get(kind, name) is None, within=GONE_WITHIN_S, what=f"{name} to be gone")
