"""The command that breaks things, on the running cluster: what is refused is one line, and nothing was touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline_services import faults
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.experiment.leftovers import differences
from pipeline_services.faults.journal import Journal, own_journal
from pipeline_services.faults.safety import authorize_target, chaos_lock
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.cluster.access import ClusterAccess
from tests.acceptance.bench import ROOT, Judge, Namespace, becomes_green

pytestmark = pytest.mark.live

PIPELINE = Pipeline.load()
REFUSED = int(pytest.ExitCode.USAGE_ERROR)


@pytest.fixture
def handed_over(access: ClusterAccess, tmp_path: Path) -> Path:
    """The administrator's kubeconfig in another place: the same cluster, no longer known to be the suite's own."""
    copy = tmp_path / "handed-over.yaml"
    copy.write_bytes(access.kubeconfig.read_bytes())
    copy.chmod(0o400)
    return copy


@contextmanager
def nothing_touched(namespace: Namespace) -> Iterator[None]:
    """After the block every object is as it was, and every pod the same with the same containers.

    An autoscaler may have taken one away meanwhile; a pod that was deleted would have another in its place.
    """
    before, lives = namespace.inventory(), namespace.lives()
    yield
    assert differences(before, namespace.inventory()) == []
    assert namespace.lives().items() <= lives.items()


def assert_refused(says: str, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pytest", "-m", "chaos", "-k", "producer-pod-deleted", *map(str, arguments)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    lines = [line for line in run.stderr.splitlines() if line]
    assert (run.returncode, len(lines)) == (REFUSED, 1), run
    assert lines[0].startswith("ERROR: "), run
    assert says in lines[0], run
    assert "breaking:" not in run.stdout, run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--context", "nowhere", "--allow-chaos", "nowhere"], "there is no context nowhere in"),
        (["--context", own_cluster.CONTEXT], "faults are made in the suite's own cluster only"),
        (
            ["--allow-chaos", own_cluster.CONTEXT, "--namespace", "default"],
            "does not carry the label conveyor.io/chaos",
        ),
    ],
    ids=["wrong-context", "no-consent-of-the-caller", "no-consent-of-the-namespace"],
)
def test_a_cluster_without_consent_is_left_alone(
    handed_over: Path, namespace: Namespace, arguments: list[str], says: str
) -> None:
    with nothing_touched(namespace):
        assert_refused(says, "--kubeconfig", handed_over, *arguments)
    assert own_journal().entries() == []


def test_an_unsteady_pipeline_is_left_alone(
    admin: WritableCluster, namespace: Namespace, judge: Judge, journal: Journal, tmp_path: Path
) -> None:
    """Somebody else has scaled the processor to 0; the gate gives it a minute."""
    drift = faults.scaled(admin, "deployments", roles.PROCESSOR, PIPELINE.namespace, 0)
    with faults.injected(admin, Journal(tmp_path), drift):
        faults.landed(admin, drift)
        with nothing_touched(namespace):
            assert_refused("the pipeline is not steady: ")
    assert journal.entries() == []
    becomes_green(judge, "green again after the undo")


def test_a_fault_in_force_and_a_run_at_work_are_named(
    admin: WritableCluster, namespace: Namespace, journal: Journal
) -> None:
    """The suite's own doings are told from drift: whose fault it is, and which run holds the cluster."""
    harmless = faults.config_value(admin, PIPELINE.config.config_map, PIPELINE.namespace, {"MADE_FOR_A_TEST": "1"})
    with faults.injected(admin, journal, harmless), nothing_touched(namespace):
        assert_refused(f"made by run {faults.RUN}, which is still running")
        with chaos_lock(authorize_target(), "a test"):
            assert_refused("(a test) is breaking this pipeline already")
