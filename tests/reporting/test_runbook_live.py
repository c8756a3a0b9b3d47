"""Every reading command of RUNBOOK.md is typed against the running cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline_services.platform.access import access_to
from pipeline_services.platform.paths import Cache, cache_root
from tests.reporting.commands import runnable

pytestmark = pytest.mark.live


def environment() -> dict[str, str]:
    """With the cluster's kubeconfig, and the kubectl that was built for it first on PATH."""
    cache = Cache(cache_root())
    built = sorted(cache.root.glob("build/cli-*/kubectl"), key=lambda file: file.stat().st_mtime)
    folders = [*(str(file.parent) for file in built[-1:]), os.environ.get("PATH", os.defpath)]
    return os.environ | {"KUBECONFIG": str(access_to(cache).kubeconfig), "PATH": os.pathsep.join(folders)}


@pytest.mark.parametrize("command", runnable())
def test_the_command_works_as_it_stands(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).strip()
    assert "deprecated" not in done.stderr
