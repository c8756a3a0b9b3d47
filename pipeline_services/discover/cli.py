"""The command: writes the profile of a running namespace, or says where one and its cluster differ."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline_services.checklist.described import described_pipeline
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.discover.comparison import differences
from pipeline_services.discover.facts import How
from pipeline_services.discover.profile import Discovered, discovered
from pipeline_services.discover.reading import look
from pipeline_services.discover.toml_text import toml
from pipeline_services.model.arguments import Parser, add_cluster
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED, REFUSED
from pipeline_services.model.paths import short
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.pipeline_schema import COMMENT, PUBLISHED
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.standard_output import write_out
from pipeline_services.model.text import one_line, plural, utc
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import Snapshot

_HEAD: Final = """\
# The pipeline in {namespace}, as it was on {at}, discovered from {where}.
# Each line ends with its origin. found: the named source says so. guessed: usual, or a name suggests it: check it.
# fill in: nothing says it. Only the setup was looked at, not its health.
"""
_SHOWN: Final = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a profile, or compare one; returns the exit code.

    0: it is written, or nothing differs; 1: something differs; 2: the cluster could not be asked; 4: refused.
    """
    options = _parser().parse_args(arguments)
    try:
        return _compared(options) if options.check else _written(options)
    except OSError as error:
        where = options.out or "standard output"
        sys.stderr.write(f"REFUSED: cannot write {where}: {error.strerror}. Next: name another file with --out\n")
        return REFUSED
    except PipelineError as error:
        refused = isinstance(error, PreconditionNotMet) or options.snapshot is not None
        sys.stderr.write(f"{'REFUSED' if refused else 'INCONCLUSIVE'}: {one_line(error)}\n")
        return REFUSED if refused else NOT_KNOWN


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipeline_services.discover",
        description="Write the profile of a running namespace, or compare one with its cluster (--check).",
    )
    add_cluster(parser)
    parser.add_argument("--namespace", metavar="NS", help="the pipeline's namespace (with --check: the profile's)")
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="look at this saved snapshot, without a cluster")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the profile goes (else it is printed)")
    parser.add_argument("--check", type=Path, metavar="PROFILE", help="compare this profile with the cluster")
    return parser


def _written(options: argparse.Namespace) -> int:
    snapshot, where = _seen(options, None)
    found = discovered(snapshot)
    text = _text(snapshot, found, where, options.out)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{short(options.out)}: {found.facts.summary()}\n")
    else:
        write_out(text)
    for line in _remarks(snapshot, found):
        sys.stderr.write(f"{line}\n")
    return PASSED


def _compared(options: argparse.Namespace) -> int:
    profile = described_pipeline(options.check)
    snapshot, where = _seen(options, profile)
    found = differences(snapshot, profile)
    for line in found:
        sys.stdout.write(f"{line}\n")
    how = plural(len(found), "difference") if found else "nothing differs"
    sys.stdout.write(f"{short(options.check)} and {where}: {how}\n")
    return FOUND if found else PASSED


def _seen(options: argparse.Namespace, profile: Pipeline | None) -> tuple[Snapshot, str]:
    """What there is to see, and where that is."""
    if options.snapshot:
        return Snapshot.load(options.snapshot), short(options.snapshot)
    target = resolve_target(options.kubeconfig, options.context, options.namespace, profile)
    cluster = Cluster.connect(target)
    try:
        snapshot = collect(cluster, pipeline=profile) if profile else look(cluster)
    finally:
        cluster.close()
    return snapshot, f"{snapshot.context}, namespace {snapshot.namespace}"


def _text(snapshot: Snapshot, found: Discovered, where: str, out: Path | None) -> str:
    schema = os.path.relpath(PUBLISHED, out.parent if out else Path.cwd())
    head = _HEAD.format(namespace=snapshot.namespace, at=utc(snapshot.taken_at), where=where)
    tail = "".join(f"# drift: no role claims {one}\n" for one in found.unclaimed)
    return f"{COMMENT} {schema}\n{head}\n{toml(found.facts)}{tail and chr(10)}{tail}"


def _remarks(snapshot: Snapshot, found: Discovered) -> list[str]:
    """What whoever reads the profile has to know beside it."""
    open_ = [f"{one.place}: {one.remark}" for one in found.facts if one.how is How.FILL_IN]
    drift = [f"drift: no role claims {one}" for one in found.unclaimed]
    unread = [f"could not be read: {source}: {one.message}" for source, one in sorted(snapshot.failures.items())]
    more = [f"{len(unread) - _SHOWN} more sources could not be read"] if len(unread) > _SHOWN else []
    return [*open_, *drift, *unread[:_SHOWN], *more]
