"""``python -m pipeline_services.experiment.promise_run``: delete a pod of each component, and say what was kept.

For pipelines whose messages carry no numbers. The ledger only observes, unless ``--send`` has it send messages of the
profile's template all the while, whose points stay in the store. Faults need both consents: the suite's own cluster
or ``--allow-chaos CONTEXT``, and the label of the namespace.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pipeline_services.audit.observed import reconcile
from pipeline_services.audit.observer import Observer, fields_of
from pipeline_services.audit.sender import Sender
from pipeline_services.audit.sent import account
from pipeline_services.checklist.described import described_pipeline
from pipeline_services.experiment.consented import consented
from pipeline_services.experiment.promises import Played, State, promises, state_of, table
from pipeline_services.faults import pods
from pipeline_services.faults.admin import Admin
from pipeline_services.faults.injection import injected, landed, sweep
from pipeline_services.faults.safety import ChaosTarget, authorize_target
from pipeline_services.model import roles
from pipeline_services.model.arguments import Parser, add_target
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED
from pipeline_services.model.k8s import is_ready, name_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import say_at_once
from pipeline_services.model.toml_table import require_one_of
from pipeline_services.model.waiting import WaitExpired, wait_until

FRESH_S: Final = 20.0
"""Age of the newest stored reading up to which the pipeline is taken to work."""
STEADY_WITHIN_S: Final = 120.0
RECOVERED_WITHIN_S: Final = 240.0
END_WITHIN_S: Final = 30.0
BEFORE_S: Final = 20.0
"""Seconds before a fault from which on the ledger counts."""
_EXIT: Final = {State.KEPT: PASSED, State.BROKEN: FOUND, State.NOT_KNOWN: NOT_KNOWN}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0: all kept, 1: one broken, 2: not known, 4: refused, nothing touched."""
    parser = Parser(prog="python -m pipeline_services.experiment.promise_run", description=__doc__)
    parser.add_argument("--only", metavar="COMPONENT", action="append", help="delete a pod of this component only")
    parser.add_argument("--send", action="store_true", help="send messages of the template, and account for each")
    add_target(parser)
    parser.add_argument("--allow-chaos", metavar="CONTEXT", help="consent to faults in this foreign context's cluster")
    options = parser.parse_args(arguments)
    try:
        pipeline = described_pipeline(options.pipeline)
        fields = fields_of(pipeline)  # before anything is asked
        if options.send:
            fields.message_of("audit", 0)
        wanted = _wanted(pipeline, options.only)
        where = (options.kubeconfig, options.context, options.namespace)
        authorized = authorize_target(*where, options.allow_chaos, pipeline)
        with consented(authorized, "promises") as (cluster, api), Observer(cluster, pipeline) as observer:
            sweep(api, authorized.journal, say_at_once)
            stage = _Stage(authorized, api, observer, sends=options.send)
            found = promises([stage.play(component) for component in wanted])
    except PreconditionNotMet as error:
        parser.error(str(error))
    except PipelineError as error:
        print(f"INCONCLUSIVE: {error}", file=sys.stderr)
        return NOT_KNOWN
    print("\n".join(table(found)))
    return _EXIT[state_of(found)]


def _wanted(pipeline: Pipeline, only: Sequence[str] | None) -> Sequence[str]:
    """The components that readings pass through, or those of them that were asked for."""
    for one in only or ():
        require_one_of("--only", one, pipeline.data_path)
    return only or pipeline.data_path


@dataclass(slots=True)
class _Stage:
    """A pipeline in which pods may be deleted. What was compared after one fault is not the next one's."""

    authorized: ChaosTarget
    api: Admin
    observer: Observer
    sends: bool = False
    compared_until: float = 0.0

    def play(self, component: str) -> Played:
        """Delete a pod of the component, wait for readings, and hold the topic against the store.

        Raises:
            PreconditionNotMet: the pipeline does not work before, or there is no such pod.
            PipelineError: topic, store or logs cannot be read.
        """
        self._await_steady()
        pipeline, namespace = self.authorized.target.pipeline, self.authorized.target.namespace
        fault = pods.deleted(self.api, self._pod(component), namespace)
        say_at_once(f"{fault.summary}; topic and store are compared afterwards")
        began = time.time()
        since = max(began - BEFORE_S, self.compared_until)
        with self._sending() as sender:
            with injected(self.api, self.authorized.journal, fault):
                gone = landed(self.api, fault)
            stored = self._stored_since(gone)
            sent = sender.finish() if sender else []
        self.compared_until = time.time()
        end = wait_until(
            lambda: self.observer.offsets().end,
            within=END_WITHIN_S,
            what="Kafka to say where the topic ends",
            retry_on=(PipelineError,),
        )
        seen = self.observer.settled(since, end)
        verdict = reconcile(seen)
        say_at_once(str(verdict))
        return Played(
            fault=f"{component} deleted",
            limit_s=pipeline[component].recovery_limit_s,
            gone_s=gone - began,
            recovery_s=None if stored is None else stored - began,
            waited_s=RECOVERED_WITHIN_S,
            verdict=verdict,
            dropped=self._dropped(component, int(time.time() - since)),
            sent=account(sent, seen) if sent else None,
        )

    @contextmanager
    def _sending(self) -> Iterator[Sender | None]:
        """By a way of its own: the observer's is closed whenever a look of it fails."""
        if not self.sends:
            yield None
            return
        pipeline = self.authorized.target.pipeline
        with (
            Observer(self.observer.cluster, pipeline) as way,
            Sender(way.kafka(), pipeline.topics.readings, way.fields) as sender,
        ):
            yield sender

    def _dropped(self, component: str, seconds: int) -> int | None:
        """What the producer says that it gave up; nobody has the log of one that was deleted."""
        if component == roles.PRODUCER:
            return None
        return len(self.observer.errors_of(roles.PRODUCER, seconds))

    def _pod(self, component: str) -> str:
        part = self.authorized.target.pipeline[component]
        found = [pod for pod in self.observer.cluster.list("pods") if part.owns(pod) and is_ready(pod)]
        if not found:
            raise PreconditionNotMet(f"there is no ready pod of {component}", next_step="pytest -m daily")
        return name_of(found[0])

    def _await_steady(self) -> None:
        try:
            wait_until(
                lambda: self.observer.newest() > time.time() - FRESH_S,
                within=STEADY_WITHIN_S,
                what="fresh readings in the store",
                every=1.0,
                retry_on=(PipelineError,),
            )
        except WaitExpired as error:
            raise PreconditionNotMet(error.message, next_step="pytest -m daily") from error

    def _stored_since(self, gone: float) -> float | None:
        """When a reading was stored that was made after the pod had gone (epoch seconds); None: not in time."""
        try:
            wait_until(
                lambda: self.observer.newest() > max(gone, time.time() - FRESH_S),
                within=RECOVERED_WITHIN_S,
                what="readings to be stored again",
                every=0.5,
                retry_on=(PipelineError,),
            )
        except WaitExpired:
            return None
        return time.time()


if __name__ == "__main__":
    sys.exit(main())
