"""``--kubeconfig FILE`` works with a file anywhere, though pytest itself takes FILE for a test path."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import MetadataPathFinder
from pathlib import Path

from pipeline_services.reporting.run import checkout
from tests.reporting.samples import ROOT


def listed(folder: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``pytest --collect-only`` as in an environment whose packages are in ``site`` too."""
    command = [sys.executable, "-m", "pytest", "-m", "daily", "--collect-only", "-q", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_file_outside_the_checkout_is_no_test_path(tmp_path: Path) -> None:
    site, file = tmp_path / "site", tmp_path / "elsewhere.json"
    site.mkdir()
    file.touch()
    checkout.install(site)
    done = listed(ROOT, site, "--snapshot", str(file))
    assert done.returncode == 0, done.stderr
    assert "checks/test_key_metrics.py::" in done.stdout


def test_the_entry_point_names_the_module_once(tmp_path: Path) -> None:
    for _ in range(2):
        checkout.install(tmp_path)
    (found,) = MetadataPathFinder.find_distributions(_in(tmp_path))
    (entry,) = found.entry_points
    assert (entry.group, entry.value) == ("pytest11", checkout.__name__)
    assert (tmp_path / "conveyor_checkout.pth").read_text().strip() == str(ROOT)


def _in(folder: Path) -> object:
    from importlib.metadata import DistributionFinder  # noqa: PLC0415

    return DistributionFinder.Context(path=[str(folder)])


def test_runs_outside_the_checkout_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    done = listed(tmp_path, ROOT, "--snapshot=x")
    assert done.returncode == 4
    assert "unrecognized arguments" in done.stderr
