"""A validation from start to end: trial, noise, rounds, roll-out, failures. It ends where no go can come of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pipeline_services.apps.load import TOPIC_PREFIX, Load
from pipeline_services.faults.admin import Admin
from pipeline_services.faults.injection import injected, perform
from pipeline_services.faults.journal import Journal
from pipeline_services.faults.stores import Server, buckets_removed
from pipeline_services.measure.probes import Probes
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError
from pipeline_services.model.k8s import containers_of, name_of, secret_text, template_of
from pipeline_services.release.bench.manifests import network_policies
from pipeline_services.release.bench.run import BACK_DATED
from pipeline_services.release.decision import is_final, judge, rules_out_go, too_noisy
from pipeline_services.release.facts import RESTORED, ROUNDS, STATEMENTS, Fact
from pipeline_services.release.gates import LOOKS, METRICS
from pipeline_services.release.ground import ground
from pipeline_services.release.producing import Producing
from pipeline_services.release.rollout import Rolled, RollOut, Scenarios
from pipeline_services.release.rounds import BASELINE, CANDIDATE, Played, Round, play_pairs
from pipeline_services.release.solo import READINGS, WATCHED_S, Solo
from pipeline_services.release.store import TrialStore
from pipeline_services.release.trial import Trial, facts, producer_rules, rules
from pipeline_services.release.verdict import Conclusion, Evidence, conclude

BASELINE_WATCHED_S: Final = 8.0
"""Seconds that the baseline is looked at: its counters and its lag have shown by then."""
TRIAL, CONTROL, PAIRS, ROLL_OUT, FAILURES = STAGES = (
    "trial",
    "baseline against itself",
    "rounds",
    "roll-out",
    "failures",
)
"""In the order in which they are played."""
MEASURED: Final = STAGES[:3]
"""The stages of a validation that only measures: the cluster's own pods stay as they are."""
NOTHING_AGAINST: Final = (
    "nothing stands against it so far; a go needs the roll-out and the failures, which were left out"
)
FACTS_NEEDED: Final = tuple(STATEMENTS)
METRICS_NEEDED: Final = tuple(metric.id for metric in METRICS)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Site:
    """The pipeline that a candidate is tried beside and in.

    Attributes:
        require_steady: returns once the pipeline is steady; raises PreconditionNotMet where it does not become so.
        left: what is other than it was before the validation, a line each.
        scenarios: plays failures on what is deployed; returns what was not as it should be.
        measure_only: end before the roll-out; then there is no go.
    """

    api: Admin
    journal: Journal
    probes: Probes
    say: Say
    require_steady: Callable[[], None]
    left: Callable[[], list[str]]
    scenarios: Scenarios
    seed: int = 1
    measure_only: bool = False


@dataclass(slots=True)
class Validation:
    """One candidate's validation; ``evidence`` grows with each stage."""

    site: Site
    image: str
    evidence: Evidence
    _stages: dict[str, float] = field(default_factory=dict)

    def conclude(self) -> Conclusion:
        """Play every stage until no go can come of it any more, and weigh what was found.

        What fails for another reason than the candidate ends it early, and is not enough data. The cluster is put back
        before this returns, and by the next run where this process is killed.
        """
        try:
            self._play()
        except PipelineError as error:
            self.evidence = replace(self.evidence, ended=self.evidence.ended or error.message)
        self._restored()
        self.evidence = replace(self.evidence, stages=dict(self._stages))
        return self._concluded()

    def _concluded(self) -> Conclusion:
        return conclude(self.evidence, FACTS_NEEDED, METRICS_NEEDED)

    def _play(self) -> None:
        with self._ground() as solo:
            for stage in (self._trial, self._control, self._rounds):
                stage(solo)
                if not self._can_go():
                    return
        if self.site.measure_only:
            self.evidence = replace(self.evidence, ended=NOTHING_AGAINST)
        else:
            self._roll_out()

    def _can_go(self) -> bool:
        """Whether a go is still possible: nothing else that could be found out would make up for what was."""
        evidence = self.evidence
        facts_hold = all(one.holds for one in evidence.facts)
        not_worse = all(one.decision.lets_go for one in evidence.metrics)
        return facts_hold and not_worse and not evidence.ended

    @contextmanager
    def _ground(self) -> Iterator[Solo]:
        site, pipeline = self.site, self.site.probes.pipeline
        site.require_steady()
        token = secret_text(site.api.list("secrets"), pipeline.config.admin_token)
        now = int(time.time())
        load = Load(f"{TOPIC_PREFIX}{now}", READINGS, (now - BACK_DATED) * 10**9)
        for policy in network_policies(pipeline):  # those of a benchmark that was killed
            site.api.delete("NetworkPolicy", name_of(policy))
        server = Server.of(pipeline, roles.INFLUXDB, token)

        def remove_buckets(beginning: str) -> None:
            perform(site.api, [buckets_removed(server, beginning, pipeline.store.org)])

        with injected(site.api, site.journal, ground(pipeline, load.producer_id, token)):
            store = TrialStore(site.probes.influx, pipeline.store, token)
            solo = Solo(site.api, site.probes, store, deployed(site), load, remove_buckets)
            solo.fill()
            yield solo

    def _trial(self, solo: Solo) -> None:
        """Both apps of both versions, each alone; the producers while the candidate's processor is only watched."""
        metrics, versions = self.site.probes.pipeline.metrics, (self.evidence.baseline, self.image)
        counters = (metrics["write_failures"], metrics["dead_lettered"])
        site, producer = self.site, deployed(self.site, roles.PRODUCER)
        producing = Producing(site.api, site.probes, producer, solo.load.producer_id)
        producers: list[Trial] = []

        def meanwhile() -> None:
            producers.extend(producing.try_out(image, number) for number, image in enumerate(versions))

        with self._stage(TRIAL):
            baseline = solo.try_out(self.evidence.baseline, BASELINE_WATCHED_S)
            candidate = solo.try_out(self.image, WATCHED_S, meanwhile)
            self._found(facts(rules(counters), baseline, candidate))
            if producers:
                self._found(facts(producer_rules(), *producers))

    def _found(self, found: Sequence[Fact]) -> None:
        for one in found:
            self.site.say(f"  {one.line}")
        self.evidence = replace(self.evidence, facts=[*self.evidence.facts, *found])

    def _control(self, solo: Solo) -> None:
        """The baseline against itself, until the machine has proved that it is quiet enough, or the budget is spent.

        The candidate is measured all the same: one metric's noise hides no regression that another shows.
        """

        def quiet(costs: Mapping[str, Any], pairs: int) -> bool:
            return pairs in LOOKS and not rules_out_go(too_noisy(METRICS, costs))

        images = dict.fromkeys((BASELINE, CANDIDATE), self.evidence.baseline)
        with self._stage(CONTROL):
            played = self._played(solo, images, quiet, self.site.seed)
        costs = played.costs()
        noise = [] if played.ended else too_noisy(METRICS, costs)
        self.evidence = replace(
            self.evidence, control=judge(METRICS, costs), noise=noise, ended=played.ended, notes=played.notes
        )

    def _rounds(self, solo: Solo) -> None:
        images, noise = {BASELINE: self.evidence.baseline, CANDIDATE: self.image}, self.evidence.noise

        def final(costs: Mapping[str, Any], pairs: int) -> bool:
            return is_final(judge(METRICS, costs, noise), pairs, noise)

        with self._stage(PAIRS):
            played = self._played(solo, images, final, self.site.seed + 1)
        self.evidence = replace(
            self.evidence,
            metrics=judge(METRICS, played.costs(), noise),
            facts=[*self.evidence.facts, rounds_fact(played)],
            notes=[*self.evidence.notes, *played.notes],
            ended=played.ended,
        )

    def _played(
        self, solo: Solo, images: Mapping[str, str], enough: Callable[[Mapping[str, Any], int], bool], seed: int
    ) -> Played:
        played = Played()

        def play(order: Sequence[str]) -> list[Round]:
            rounds = solo.play([(version, images[version]) for version in order])
            for one in rounds:
                told = ", ".join(f"{name} {value:.4g}" for name, value in one.costs.items())
                self.site.say(f"  round of the {one.version}: {one.failed or told}; others {one.others:.2f} cores")
            return rounds

        for _ in play_pairs(play, enough, random.Random(seed), played):
            continue
        return played

    def _roll_out(self) -> None:
        site, rolled = self.site, Rolled()
        site.require_steady()
        roll_out = RollOut(site.api, site.journal, site.probes, self.image)
        try:
            with self._stage(ROLL_OUT):
                roll_out.play(rolled)
            if all(one.holds for one in rolled.facts):
                site.require_steady()
                with self._stage(FAILURES):
                    roll_out.with_candidate(rolled, site.scenarios)
        finally:
            self.evidence = replace(
                self.evidence, facts=[*self.evidence.facts, *rolled.facts], rolled=list(rolled.marks)
            )

    def _restored(self) -> None:
        """What stayed behind is the suite's own fault and no candidate's, so it is no no-go, and it is no go."""
        try:
            left = self.site.left()
            fact = Fact(RESTORED.id, None if left else True, "; ".join(left[:5]) or "nothing is other than it was")
        except PipelineError as error:
            fact = Fact(RESTORED.id, None, error.message)
        self.evidence = replace(self.evidence, facts=[*self.evidence.facts, fact])

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self.site.say(f"{name}:")
        began = time.monotonic()
        try:
            yield
        finally:
            self._stages[name] = time.monotonic() - began
            self.site.say(f"{name}: {self._stages[name]:.0f} s")


def validation(site: Site, candidate: str, provide: Callable[[str], str]) -> Validation:
    """A validation of the candidate, whose image ``provide`` makes of the baseline's.

    Raises:
        PipelineError: there is no baseline, or no image of the candidate.
    """
    baseline = image_of(deployed(site))
    began = time.monotonic()
    image = provide(baseline)
    made = Validation(site, image, Evidence(candidate, baseline, time.time()))
    made._stages["image"] = time.monotonic() - began
    return made


def deployed(site: Site, app: str = roles.PROCESSOR) -> dict[str, Any]:
    """The Deployment of an app as it is. Raises NoData where there is none."""
    name = site.probes.pipeline[app].workload
    found = site.api.get("Deployment", name)
    if found is None:
        raise NoData(f"there is no Deployment {name}: is the pipeline deployed?")
    return found


def image_of(workload: Mapping[str, Any]) -> str:
    """The image that a workload's pods run."""
    return str(containers_of(template_of(workload))[0]["image"])


def rounds_fact(played: Played) -> Fact:
    """Whether the candidate stored every reading in each of its rounds; what ended a round of it is no measurement."""
    own = [one for one in played.rounds() if one.version == CANDIDATE]
    short = [one.stored for one in own if one.stored != READINGS]
    if played.failed and played.failed.version == CANDIDATE:
        return Fact(ROUNDS.id, False, played.ended)
    if not own:
        return Fact(ROUNDS.id, None, played.ended or "no round was played")
    return Fact(ROUNDS.id, not short, f"only {short[0]} of {READINGS}" if short else f"{READINGS} in {len(own)} rounds")
