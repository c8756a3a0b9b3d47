"""The commands that set up, show and delete the suite's own cluster: ``make up``, ``status``, ``down`` and the like."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial

from pipeline_services.clients import shell
from pipeline_services.faults.journal import own_journal
from pipeline_services.model import own_cluster
from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import stopped_by
from pipeline_services.model.failures import Interrupted
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.signals import unwinding
from pipeline_services.platform.build import origin
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.cluster import lifecycle
from pipeline_services.platform.cluster.access import ClusterAccess, access_to

COMMANDS = {
    "up": "build what is missing, create the cluster if there is none, deploy the pipeline, repair drift",
    "ensure": "the same if no cluster answers; a running one is left as it is",
    "status": "what is built and how the cluster is; exit code 1 if none runs",
    "open": "forward Grafana's and Prometheus' ports, print the addresses, until Ctrl-C",
    "down": "delete the cluster; keep what was built",
    "clean": "delete the cluster, the images and everything else that was built here",
    "nightly-install": "install the nightly run in the cluster: its image, its account, its schedule",
    "nightly-remove": "remove it, its reports included",
    "kubeconfig": "print the path of the cluster's kubeconfig",
    "kubectl": "print the path of the kubectl that was built for it",
}
OK, FAILED = 0, 1


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 for a failure with its reason in one line, 4 refused, or a signal's."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.pipeline and options.command not in ("up", "down"):
        parser.error(f"{options.command} takes no --pipeline")
    try:
        origin.wanted(os.environ)
    except PreconditionNotMet as error:
        parser.error(str(error))
    progress = Progress(Durations(Cache(cache_root()).durations))
    try:
        with unwinding():
            if options.pipeline:
                return _run_beside(options.command, options.name, options.pipeline, progress)
            return _run(options.command, options.name, progress)
    except KeyboardInterrupt as error:
        shell.stop_children()
        return _say("stopped; run the same command again to go on from there", stopped_by(error))
    except Interrupted as error:
        return _say(str(error), stopped_by(error.cause))
    except PipelineError as error:
        tail = getattr(error, "tail", "")
        return _say(f"{tail}\n{error}" if tail else str(error), FAILED)


def _parser() -> Parser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="python -m pipeline_services.cli",
        description="The kind cluster with the pipeline in it. IMAGES=registry or packages: where images come from.",
        epilog=f"commands:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=" | ".join(COMMANDS))
    parser.add_argument("--name", default=own_cluster.CLUSTER, help="kind's name of the cluster (default: %(default)s)")
    parser.add_argument(
        "--pipeline", metavar="NAME", default="", help="of up and down: a second pipeline beside the suite's own"
    )
    return parser


def _run_beside(command: str, name: str, pipeline: str, progress: Progress) -> int:
    if command == "down":
        namespace = lifecycle.down_beside(name, pipeline, progress)
        if ended := own_journal(name).forget(namespace):
            faults = "; ".join(entry.summary for entry in ended)
            progress(f"the faults in force there ended with it, nothing is left to undo: {faults}")
        return OK
    access = lifecycle.up_beside(name, pipeline, progress, settle=_settle)
    progress(f"pipeline {pipeline} is up in the namespace {access.pipeline.namespace}")
    return OK


def _run(command: str, name: str, progress: Progress) -> int:
    if command == "kubeconfig":
        return _print_kubeconfig(name)
    if command == "kubectl":
        print(lifecycle.kubectl(name, progress))
        return OK
    if command == "open":
        return _open(access_to(Cache(cache_root()), name))
    if command == "status":
        lines = lifecycle.status(name, progress)
        print("\n".join(lines))
        return OK if any(line.startswith("kubeconfig") for line in lines) else FAILED
    plain: dict[str, Callable[[str, Progress], None]] = {
        "down": lifecycle.down,
        "clean": lifecycle.clean,
        "nightly-install": partial(lifecycle.nightly, installed=True),
        "nightly-remove": partial(lifecycle.nightly, installed=False),
    }
    if command in plain:
        plain[command](name, progress)
        return OK
    start = lifecycle.up if command == "up" else lifecycle.ensure_cluster
    access = start(name, progress, settle=_settle)
    progress(f"cluster {access.name} is up; kubeconfig {access.kubeconfig}")
    return OK


def _open(access: ClusterAccess) -> int:
    from pipeline_services.cli.pages import Pages  # noqa: PLC0415 - loads the clients, which no other command needs

    if not access.reader_kubeconfig.exists():
        return _say(f"there is no cluster {access.name}. Next: make up", FAILED)
    with Pages(access.reader) as pages:
        try:
            pages.watch()
        except KeyboardInterrupt as error:
            return _say(f"closed by {str(error) or 'Ctrl-C'}", OK)
    return FAILED


def _settle(access: ClusterAccess, progress: Progress) -> None:
    from pipeline_services.checklist.settling import settle  # noqa: PLC0415 - loads all clients; only a new cluster needs it

    settle(access.reader, progress)


def _print_kubeconfig(name: str) -> int:
    path = access_to(Cache(cache_root()), name).kubeconfig
    if not path.exists():
        return _say(f"there is no cluster {name}. Next: make up", FAILED)
    print(path)
    return OK


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
