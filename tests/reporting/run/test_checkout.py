"""``--kubeconfig FILE`` works with a file anywhere, though pytest itself takes FILE for a test path."""

from __future__ import annotations

import os
import sys
from importlib.metadata import MetadataPathFinder
from pathlib import Path

import pytest

from pipeline_services.model import environment
from pipeline_services.model.exit_codes import REFUSED
from pipeline_services.reporting.run import checkout
from tests.runs import ROOT, Run, run


def listed(folder: Path, site: Path, *arguments: str) -> Run:
    """``pytest --collect-only`` as in an environment whose packages are in ``site`` too."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    return run("pytest", "-m", "daily", "--collect-only", "-q", *arguments, cwd=folder, env=environment)


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


@pytest.mark.parametrize(
    ("folder", "option"),
    [("elsewhere", "--snapshot"), ("elsewhere", "--snapshot={file}"), (ROOT / "tests", "--snapshot")],
)
def test_a_run_is_started_from_any_folder(tmp_path: Path, folder: str | Path, option: str) -> None:
    site, where, file = tmp_path / "site", tmp_path / folder, tmp_path / "seen.json"
    site.mkdir()
    where.mkdir(exist_ok=True)
    file.touch()
    checkout.install(site)
    given = [option.format(file=file)] if "=" in option else [option, str(file)]
    done = listed(where, site, *given)
    assert done.returncode == 0, done.stderr
    assert "checks/test_key_metrics.py::" in done.stdout


def test_another_projects_pytest_ini_is_no_other_checkout(tmp_path: Path) -> None:
    """pytest itself takes the checkout for its root here: the snapshot lies in it."""
    site, snapshot = tmp_path / "site", ROOT / "tests" / "snapshots" / "healthy.json.gz"
    site.mkdir()
    checkout.install(site)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --of-another-project\n")
    done = listed(tmp_path, site, "--snapshot", str(snapshot))
    assert done.returncode == 0, done.stderr
    assert "checks/test_key_metrics.py::" in done.stdout


@pytest.mark.parametrize("without", [("-c", "/dev/null"), ("-o", "addopts="), ("-p", f"no:{checkout._PLUGIN}")])
def test_a_run_without_the_suites_plugin_is_refused_and_not_started_for_ever(
    tmp_path: Path, without: tuple[str, str]
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    checkout.install(site)
    done = listed(ROOT, site, *without, "--snapshot=none.json")
    assert done.returncode == REFUSED
    assert done.stderr.strip().splitlines() == [f"ERROR: {checkout._KEPT_OUT}"]


@pytest.mark.parametrize("installed", [True, False])
def test_another_environments_pytest_is_replaced_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], installed: bool
) -> None:
    own = tmp_path / "python"
    if installed:
        own.touch()

    def end(*how: object) -> None:
        raise SystemExit(how)

    monkeypatch.setattr(environment, "OWN", own)
    monkeypatch.setattr("os.execv", end)
    monkeypatch.setattr("os._exit", end)
    monkeypatch.setattr(sys, "argv", ["pytest", "-m", "daily"])
    with pytest.raises(SystemExit) as ended:
        environment.use_own("pytest", sys.argv[1:], needs="no_such_package")
    assert ended.value.code == ((own, [str(own), "-m", "pytest", "-m", "daily"]) if installed else (4,))
    assert capsys.readouterr().err.startswith("" if installed else "REFUSED: ")


def test_other_projects_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    site = tmp_path / "site"
    site.mkdir()
    checkout.install(site)
    done = listed(tmp_path, site)
    assert "no tests collected" in done.stdout
    assert "checks/" not in done.stdout
