"""``python -m tests.scale.fleet``: 40 namespaces of one cluster judged as a fleet, timed.

A server of this machine stands for the API server; what lies behind it (Kafka, Prometheus and so on) does not answer,
so that each pipeline is red. That is the slow case: a service that answers is not waited for. The exit code is 0 within
the 30 s and 600 MB of the requirement.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline_services.model.arguments import Parser
from tests.clients.fake_servers import kubeconfig
from tests.scale.bench import ROOT, api_server
from tests.scale.crowd import Crowd

MANY: Final = 40
MOST_S: Final = 30.0
MOST_MB: Final = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(prog="python -m tests.scale.fleet", description=__doc__)
    parser.add_argument("--namespaces", type=int, default=MANY, help="to judge (default: %(default)s)")
    spaces = [f"line-{number}" for number in range(parser.parse_args(arguments).namespaces)]
    with tempfile.TemporaryDirectory() as folder, api_server(Crowd(), *spaces) as port:
        there = Path(folder)
        kubeconfig(there / "config", port)
        tables = [
            f'[[pipelines]]\nname = "{space}"\nkubeconfig = "config"\nnamespace = "{space}"\n' for space in spaces
        ]
        (there / "fleet.toml").write_text("\n".join(tables))
        command = ["pipeline_services.reporting.fleet", "--fleet", str(there / "fleet.toml"), "--reports", folder]
        began = time.monotonic()
        with subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.DEVNULL) as run:
            _, status, used = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        wall_s, peak_mb = time.monotonic() - began, used.ru_maxrss / 1024
        rows = json.loads((there / "fleet" / "fleet.json").read_text())["pipelines"]
    unjudged = [row["name"] for row in rows if row["error"]]
    print(
        f"{len(rows)} namespaces: {wall_s:.1f} s wall, {used.ru_utime + used.ru_stime:.1f} s CPU, {peak_mb:.0f} MB,"
        f" exit code {run.returncode}, not judged: {', '.join(unjudged) or 'none'}"
    )
    return 0 if rows and not unjudged and wall_s <= MOST_S and peak_mb <= MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
