"""The scripts that fill a volume and put it back, on folders of this machine; mounting is left to the live run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.faults import storage
from pipeline_services.faults.journal import Call, Command
from pipeline_services.faults.model import Proof
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from tests.faults.machine import Machine
from tests.faults.test_library import NS, Server
from tests.programs import program

CLAIM = f"{NS}/persistentvolumeclaims/data-influxdb-0"
VOLUME = "/api/v1/persistentvolumes/pvc-1"
INFLUXDB = Component("influxdb", "influxdb", "StatefulSet", container="influxdb", volume="data-influxdb-0")
NOBODY = "no-such-0_ns_container"
PROOF = Proof("nothing stored", lambda: True)


def server(path: str) -> Server:
    objects: dict[str, Any] = {CLAIM: {"spec": {"volumeName": "pvc-1"}}, VOLUME: {"spec": {"hostPath": {"path": path}}}}
    return Server(objects=objects)


def test_the_pod_is_away_while_its_volume_is_exchanged() -> None:
    folder = "/var/local-path-provisioner/pvc-1_ns_data-influxdb-0"
    fault = storage.volume_full(server(folder), INFLUXDB, "ns", PROOF)
    for steps in (fault.inject[:3], fault.undo):
        down, command, up = steps
        assert isinstance(down, Call)
        assert isinstance(command, Command)
        assert isinstance(up, Call)
        assert (down.body, up.body) == ({"spec": {"replicas": 0}}, {"spec": {"replicas": 1}})
        assert command.words[3:6] == ["sh", "influxdb-0_ns_influxdb", folder]


@pytest.mark.parametrize("path", ["", "/etc", "/var/local-path-provisioner/pvc-9_ns_data-kafka-0"])
def test_only_the_claims_own_folder_is_filled(path: str) -> None:
    with pytest.raises(PreconditionNotMet, match="no folder of the node that may be filled"):
        storage.volume_full(server(path), INFLUXDB, "ns", PROOF)


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", script, "sh", NOBODY, str(folder)], capture_output=True, text=True, check=False)


def test_restoring_what_was_never_exchanged_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "volume"
    folder.mkdir()
    (folder / "data").write_text("kept")
    done = run(storage._RESTORE, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "data").read_text() == "kept"


def test_a_volume_is_put_back_once_its_own_container_has_ended_whatever_another_pipeline_runs(tmp_path: Path) -> None:
    node, folder, name = Machine(tmp_path), tmp_path / "volume", "influxdb-0_ns_influxdb"
    folder.mkdir()
    node.start(11, name, "a" * 64)
    node.start(12, "influxdb-0_other_influxdb", "b" * 64)
    ends = program(tmp_path / "bin" / "sleep", f'#!/bin/sh\nrm -r "{node.proc}/11"\n')
    env = {**os.environ, "PATH": f"{ends.parent}:{os.environ['PATH']}"}
    words = node.here(["sh", "-c", storage._RESTORE, "sh", name, str(folder)])
    assert subprocess.run(words, env=env, capture_output=True, check=False, timeout=30).returncode == 0
    assert [one.name for one in node.proc.iterdir()] == ["12"]


def test_a_restoration_that_was_cut_off_goes_on_from_the_whole_copy(tmp_path: Path) -> None:
    folder, whole = tmp_path / "volume", tmp_path / "volume.whole"
    for path, text in ((folder, "old"), (whole, "new")):
        path.mkdir()
        (path / "data").write_text(text)
    (tmp_path / "volume.img").write_text("")
    assert run(storage._RESTORE, folder).returncode == 0
    assert (folder / "data").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["volume"]


def test_a_copy_that_was_cut_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    folder, part = tmp_path / "volume", tmp_path / "volume.part"
    folder.mkdir()
    part.mkdir()
    (folder / "data").write_text("kept")
    assert run(storage._RESTORE, folder).returncode == 0
    assert (folder / "data").read_text() == "kept"
    assert not part.exists()


def test_a_volume_that_holds_too_much_is_not_copied(tmp_path: Path) -> None:
    words = ["sh", "-c", storage._SHRINK, "sh", NOBODY, str(tmp_path), "1", "0"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the volume holds" in done.stdout
