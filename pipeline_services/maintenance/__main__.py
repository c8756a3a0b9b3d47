"""``python -m pipeline_services.maintenance COMMAND``: backups of the own pipeline, and rotations of its secrets.

The exit code is 0, 1 for a failure with its reason in one line, 4 refused, 130 and 143 for Ctrl-C and SIGTERM.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline_services.faults.safety import ChaosTarget, chaos_lock, require_none_in_force
from pipeline_services.maintenance import archive, backup
from pipeline_services.maintenance.rotation.run import await_influxdb, rotate_tls, rotate_tokens
from pipeline_services.maintenance.site import Site, archives_of, opened
from pipeline_services.model import own_cluster
from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.exit_codes import stopped_by
from pipeline_services.model.failures import Interrupted
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.say import Say, say_at_once
from pipeline_services.model.signals import unwinding
from pipeline_services.platform.cluster import lock
from pipeline_services.platform.cluster.access import ClusterAccess, access_to, require_answer

OK, FAILED = 0, 1
ROTATIONS: Final = {"rotate-token": rotate_tokens, "rotate-tls": rotate_tls}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "restore" and (why := _not_to_restore(options.source)):
        parser.error(f"{why} {archives_of(options.name).to_choose()}")
    try:
        with unwinding():
            _run(options, say_at_once)
    except KeyboardInterrupt as error:
        sys.stderr.write(f"{Interrupted.by(error)}\n")
        return stopped_by(error)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return OK


def _not_to_restore(source: str) -> str:
    """What is wrong with the folder that was named, as far as is seen without the cluster."""
    try:
        return "" if source and archive.opened(Path(source)) else "which backup?"
    except PipelineError as error:
        return f"{error}. Next:"


def _run(options: argparse.Namespace, say: Say) -> None:
    cache = Cache(cache_root())
    access = access_to(cache, options.name)
    require_answer(access)
    purpose = f"{options.command}, cluster {options.name}"
    with lock.held(cache.lock, purpose, say):
        if options.command in ROTATIONS:
            _rotate(options, access, purpose)
            return
        with opened(access, say) as site:
            _do(options, site)


def _rotate(options: argparse.Namespace, access: ClusterAccess, purpose: str) -> None:
    """While nobody breaks the pipeline, so that it is known what the rotation does to it."""
    with chaos_lock(ChaosTarget(access.target, own=True), purpose):
        await_influxdb(access, say_at_once)
        with opened(access, say_at_once) as site:
            require_none_in_force(site.journal)
            ROTATIONS[options.command](site, dry_run=options.dry_run)


def _do(options: argparse.Namespace, site: Site) -> None:
    if options.command == "restore":
        backup.restore(site, Path(options.source), lambda question: options.consent or _asked(question))
        return
    archive = backup.take(site)
    if options.command == "backup-test":
        backup.prove(site, archive, with_controls=options.controls)
        backup.prove_kafka(site, archive, with_controls=options.controls)


def _asked(question: str) -> str:
    """The word that a person types; none where nobody is there to type it."""
    if not sys.stdin.isatty():
        return ""
    return input(f"{question}\nType {backup.CONSENT} to do it: ")


def _parser() -> Parser:
    parser = Parser(prog="python -m pipeline_services.maintenance", description=__doc__)
    parser.add_argument("command", choices=("backup", "backup-test", "restore", *ROTATIONS), help="README.md has each")
    parser.add_argument("--name", default=own_cluster.CLUSTER, help="kind's name of the cluster (default: %(default)s)")
    parser.add_argument("--controls", action="store_true", help="backup-test: damage archive and copy on purpose, too")
    parser.add_argument("--from", dest="source", default="", metavar="FOLDER", help="restore: the archive")
    parser.add_argument(
        "--consent", default="", metavar="WORD", help=f"restore: {backup.CONSENT}, where nobody types it"
    )
    parser.add_argument("--dry-run", action="store_true", help="rotations: only say what would be done")
    return parser


if __name__ == "__main__":
    sys.exit(main())
