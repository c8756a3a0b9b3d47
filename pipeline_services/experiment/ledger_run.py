"""``python -m pipeline_services.experiment.ledger_run``: hold the topic against the store, of the last minutes.

For pipelines whose messages carry no numbers (``[message]`` of the profile). It only reads, unless ``--send`` has
it send messages of the profile's template under devices of its own, to say what became of each. Their points stay
in the store. That needs both consents: the suite's own cluster or ``--allow-chaos CONTEXT``, and the namespace's label.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pipeline_services.audit.observed import ObservedVerdict, reconcile
from pipeline_services.audit.observer import Observer, fields_of
from pipeline_services.audit.sender import send
from pipeline_services.audit.sent import SentVerdict, account
from pipeline_services.checklist.described import described_pipeline
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.experiment.consented import consented
from pipeline_services.faults.safety import authorize_target
from pipeline_services.model.arguments import Parser, add_target, positive
from pipeline_services.model.atomic import write_json
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.text import first_line

MINUTES: Final = 10.0
MOST_SENT: Final = 10_000
"""Messages of one run: a quarter of an hour."""
BEFORE_S: Final = 5.0
"""Seconds before the first message from which on the topic is read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0: nothing is lost, 1: something is, 2: that is not known, 4: refused."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        pipeline = described_pipeline(options.pipeline)
        verdict = _sent(options, pipeline) if options.send is not None else _observed(options, pipeline)
    except PreconditionNotMet as error:
        parser.error(str(error))
    except PipelineError as error:
        print(f"INCONCLUSIVE: {error}", file=sys.stderr)
        return NOT_KNOWN
    print(verdict)
    if options.out:
        write_json(options.out, _document(verdict))
    return FOUND if verdict.lost else PASSED if verdict.certain else NOT_KNOWN


def _parser() -> Parser:
    parser = Parser(prog="python -m pipeline_services.experiment.ledger_run", description=__doc__)
    parser.add_argument("--minutes", type=positive, default=MINUTES, metavar="N", help="to look back (%(default)g)")
    parser.add_argument(
        "--send", type=_count, metavar="N", help="send N messages of the template, and account for each"
    )
    parser.add_argument("--allow-chaos", metavar="CONTEXT", help="consent to that in this foreign context's cluster")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all that is lost to FILE, as JSON")
    add_target(parser)
    return parser


def _count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if not 1 <= count <= MOST_SENT:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_SENT}")
    return count


def _observed(options: argparse.Namespace, pipeline: Pipeline) -> ObservedVerdict:
    fields_of(pipeline)  # before anything is asked
    target = resolve_target(options.kubeconfig, options.context, options.namespace, pipeline)
    with closing(Cluster.connect(target)) as cluster, Observer(cluster, pipeline) as observer:
        return reconcile(observer.observe(options.minutes * 60))


def _sent(options: argparse.Namespace, pipeline: Pipeline) -> SentVerdict:
    fields_of(pipeline).message_of("audit", 0)  # before anything is asked
    where = (options.kubeconfig, options.context, options.namespace)
    authorized = authorize_target(*where, options.allow_chaos, pipeline)
    with consented(authorized, "the ledger") as (cluster, _), Observer(cluster, pipeline) as observer:
        began = time.time() - BEFORE_S
        sent = send(observer.kafka(), pipeline.topics.readings, observer.fields, options.send)
        return account(sent, observer.settled(began, observer.offsets().end))


def _document(verdict: ObservedVerdict | SentVerdict) -> dict[str, Any]:
    seen = verdict.seen if isinstance(verdict, SentVerdict) else verdict
    lost = [
        {**asdict(one.message), "why": one.why, "said": asdict(one.said) if one.said else None} for one in seen.lost
    ]
    gone = [asdict(one) for one in verdict.gone] if isinstance(verdict, SentVerdict) else []
    return {"summary": first_line(verdict), "lost": lost, "not_in_topic": gone}


if __name__ == "__main__":
    sys.exit(main())
