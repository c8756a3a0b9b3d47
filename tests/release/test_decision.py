"""Made-up rounds with one known answer each."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline_services.release.decision import Decision, Noise, Pairs, is_final, judge, rules_out_go, signed, too_noisy
from pipeline_services.release.gates import LOOKS, METRICS, Metric

CPU = METRICS[0]


def rounds(count: int, ratio: Callable[[int, random.Random], float], noise: float = 0.005, seed: int = 3) -> Pairs:
    chance = random.Random(seed)
    return [(100.0, 100.0 * math.exp(chance.gauss(0, noise)) * ratio(number, chance)) for number in range(count)]


def drifting(count: int) -> Pairs:
    """Both get slower all the time, by half in the end; who goes first changes from pair to pair."""
    cost = [100.0 * (1 + 0.5 * place / (2 * count)) for place in range(2 * count)]
    both = [(cost[2 * place], cost[2 * place + 1]) for place in range(count)]
    return [(a, b) if place % 2 else (b, a) for place, (a, b) in enumerate(both)]


KNOWN = {
    "as before": (rounds(8, lambda *_: 1.0), Decision.NOT_WORSE),
    "3 % slower": (rounds(8, lambda *_: 1.03), Decision.NOT_WORSE),
    "15 % slower": (rounds(8, lambda *_: 1.15), Decision.REGRESSION),
    "faster": (rounds(8, lambda *_: 0.8), Decision.NOT_WORSE),
    "at the margin": (rounds(16, lambda *_: 1.05), Decision.NOT_ENOUGH_DATA),
    "bimodal": (rounds(16, lambda number, _: 1.3 if number % 2 else 1.0), Decision.NOT_ENOUGH_DATA),
    "variance only": (rounds(16, lambda _, chance: math.exp(chance.gauss(0, 0.3))), Decision.NOT_ENOUGH_DATA),
    "7 of 10 outliers": (rounds(10, lambda number, _: 4.0 if number < 7 else 1.0), Decision.REGRESSION),
    "1 of 16 an outlier": (rounds(16, lambda number, _: 4.0 if number == 4 else 1.0), Decision.NOT_WORSE),
    "all equal": ([(100.0, 100.0)] * 16, Decision.NOT_ENOUGH_DATA),
    "empty": ([], Decision.NOT_ENOUGH_DATA),
    "one is NaN": ([*rounds(7, lambda *_: 1.0), (100.0, math.nan)], Decision.NOT_ENOUGH_DATA),
    "all are NaN": ([(math.nan, math.nan)] * 8, Decision.NOT_ENOUGH_DATA),
    "killed in the seventh pair": (rounds(6, lambda *_: 1.0), Decision.NOT_ENOUGH_DATA),
    "much slower, and killed in the seventh pair": (rounds(6, lambda *_: 2.0), Decision.NOT_ENOUGH_DATA),
    "drift over the run": (drifting(16), Decision.NOT_WORSE),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_rounds_have_their_answer(name: str) -> None:
    pairs, expected = KNOWN[name]
    (judged,) = judge([CPU], {CPU.id: pairs})
    assert judged.decision is expected, judged.why


def test_a_decision_says_by_how_much_and_in_how_many_pairs() -> None:
    (judged,) = judge([CPU], {CPU.id: KNOWN["15 % slower"][0]})
    ends = r"\(\+14\.\d % to \+15\.\d %\)"
    assert re.fullmatch(rf"\+1[45]\.\d % {ends} in 8 pairs, more than the margin of 5 %", judged.why)


LOOSE = replace(CPU, loose=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("as before", Decision.NOT_WORSE),
        ("variance only", Decision.NOT_SHOWN_WORSE),
        ("15 % slower", Decision.REGRESSION),
        ("empty", Decision.NOT_ENOUGH_DATA),
        ("one is NaN", Decision.NOT_ENOUGH_DATA),
        ("killed in the seventh pair", Decision.NOT_ENOUGH_DATA),
    ],
)
def test_a_loose_metric_stops_what_is_worse_and_lets_go_what_is_not_shown_to_be(name: str, expected: Decision) -> None:
    (judged,) = judge([LOOSE], {LOOSE.id: KNOWN[name][0]})
    assert judged.decision is expected, judged.why
    assert judged.decision.lets_go is (expected in (Decision.NOT_WORSE, Decision.NOT_SHOWN_WORSE))


def test_noise_of_what_is_held_loosely_rules_out_no_go() -> None:
    wild = KNOWN["variance only"][0]
    assert not rules_out_go(too_noisy([LOOSE], {LOOSE.id: wild}))
    assert rules_out_go(too_noisy([CPU], {CPU.id: wild}))
    assert is_final(judge([LOOSE], {LOOSE.id: wild[:8]}), 8)


def test_killed_before_the_first_round_decides_nothing() -> None:
    judged = judge(METRICS, {})
    assert {one.decision for one in judged} == {Decision.NOT_ENOUGH_DATA}
    assert {one.why for one in judged} == {"no round was measured"}


def test_equal_values_are_an_answer_where_they_can_be() -> None:
    memory = METRICS[1]
    (judged,) = judge([memory], {memory.id: [(70.0, 70.0)] * 8})
    assert memory.repeats
    assert judged.decision is Decision.NOT_WORSE


def test_one_of_many_metrics_needs_the_stricter_chance() -> None:
    """Two of eight pairs lie below the margin: enough alone, not enough as the only one of three."""
    pairs = [(100.0, ratio) for ratio in (104.0, 104.5, 109.0, 110.0, 111.0, 112.0, 113.0, 114.0)]
    equal: Pairs = [(100.0, 100.0 + place / 100) for place in range(8)]
    alone = judge([CPU], {CPU.id: pairs})
    among = judge(METRICS, {metric.id: pairs if metric is CPU else equal for metric in METRICS})
    assert (alone[0].decision, among[0].decision) == (Decision.NOT_ENOUGH_DATA, Decision.NOT_ENOUGH_DATA)
    nearer = [(100.0, ratio) for ratio in (104.9, 108.0, 109.0, 110.0, 111.0, 112.0, 113.0, 114.0)]
    alone = judge([CPU], {CPU.id: nearer})
    among = judge(METRICS, {metric.id: nearer if metric is CPU else equal for metric in METRICS})
    assert (alone[0].decision, among[0].decision) == (Decision.REGRESSION, Decision.NOT_ENOUGH_DATA)
    alike = judge(ALIKE, {metric.id: nearer for metric in ALIKE})
    assert {one.decision for one in alike} == {Decision.NOT_ENOUGH_DATA}
    behind = judge(ALIKE[:2], {"one": KNOWN["15 % slower"][0], "another": nearer})
    assert {one.decision for one in behind} == {Decision.REGRESSION}


ALIKE = [replace(CPU, id=name) for name in ("one", "another", "a third")]


def test_what_was_killed_too_early_to_reject_makes_it_no_easier_for_another() -> None:
    open_yet = [(100.0, ratio) for ratio in (104.0, 105.5, 109.0, 110.0, 111.0, 112.0, 113.0, 114.0)]
    assert judge([CPU], {CPU.id: open_yet})[0].decision is Decision.REGRESSION
    judged = judge(ALIKE[:2], {"one": rounds(7, lambda *_: 2.0), "another": open_yet})
    assert {one.decision for one in judged} == {Decision.NOT_ENOUGH_DATA}


@pytest.mark.parametrize(
    ("played", "ratio", "final"),
    [(8, 1.0, True), (8, 1.15, True), (8, 1.05, False), (9, 1.0, False), (12, 1.05, False), (16, 1.05, True)],
)
def test_more_pairs_are_played_only_where_they_can_decide(played: int, ratio: float, final: bool) -> None:
    judged = judge([CPU], {CPU.id: rounds(played, lambda *_: ratio)})
    assert is_final(judged, played) is final


@pytest.mark.parametrize(
    ("noise", "shift", "said"),
    [
        (0.004, 1.0, ""),
        (0.05, 1.0, r"leaves 1\d\.\d % open after 8 pairs; 2\.5 % is allowed"),
        (0.001, 1.15, "not equal to itself"),
        (0.001, 0.85, "not equal to itself"),
    ],
)
def test_the_baseline_against_itself_tells_a_noisy_machine(noise: float, shift: float, said: str) -> None:
    found = too_noisy([CPU], {CPU.id: rounds(8, lambda *_: shift, noise)})
    assert bool(found) is bool(said)
    assert re.search(said, " ".join(one.why for one in found))


def test_a_machine_that_was_not_measured_is_no_quiet_one() -> None:
    found = too_noisy(METRICS, {})
    assert [one.metric for one in found] == list(METRICS)
    assert {one.beyond for one in found} == {math.inf}
    slow = {metric.id: KNOWN["15 % slower"][0] for metric in METRICS}
    assert Decision.REGRESSION not in {one.decision for one in judge(METRICS, slow, found)}


MEMORY = METRICS[1]
EQUAL = KNOWN["as before"][0]


def noise_of(metric: Metric, beyond: float) -> list[Noise]:
    return [Noise(metric, "the baseline against itself leaves it open", beyond)]


def test_the_noise_of_one_metric_hides_no_regression_of_another() -> None:
    pairs = {metric.id: KNOWN["15 % slower"][0] if metric is CPU else EQUAL for metric in METRICS}
    judged = judge(METRICS, pairs, noise_of(MEMORY, 0.06))
    assert [one.decision for one in judged[:2]] == [Decision.REGRESSION, Decision.NOT_ENOUGH_DATA]
    assert judged[1].why == "the baseline against itself leaves it open"


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (1.0, Decision.NOT_ENOUGH_DATA),
        (0.8, Decision.NOT_ENOUGH_DATA),
        (1.09, Decision.NOT_ENOUGH_DATA),
        (1.15, Decision.REGRESSION),
    ],
)
def test_a_noisy_metric_shows_only_what_lies_beyond_its_noise(ratio: float, expected: Decision) -> None:
    (judged,) = judge([CPU], {CPU.id: rounds(8, lambda *_: ratio)}, noise_of(CPU, 0.06))
    assert judged.decision is expected, judged.why
    assert judged.decision.lets_go is False


@pytest.mark.parametrize(("shift", "beyond"), [(1.0, 0.05), (1.15, 0.14), (0.85, 0.16)])
def test_noise_reaches_as_far_as_the_baseline_differs_from_itself(shift: float, beyond: float) -> None:
    (noise,) = too_noisy([CPU], {CPU.id: rounds(8, lambda *_: shift, 0.03 if shift == 1.0 else 0.001)})
    assert noise.beyond == pytest.approx(beyond, abs=0.04)


def test_no_more_pairs_are_played_for_what_noise_leaves_open() -> None:
    equal = {metric.id: EQUAL for metric in METRICS}
    at_the_margin = {**equal, CPU.id: KNOWN["at the margin"][0][:8]}
    noise = noise_of(MEMORY, 0.06)
    assert is_final(judge(METRICS, equal, noise), 8, noise)
    assert not is_final(judge(METRICS, at_the_margin, noise), 8, noise)
    assert is_final(judge([CPU], at_the_margin, noise_of(CPU, 0.06)), 8, noise_of(CPU, 0.06))
    drain = METRICS[2]
    unknown = {**equal, drain.id: KNOWN["all are NaN"][0]}
    assert not is_final(judge(METRICS, unknown, noise_of(drain, 0.06)), 8, noise_of(drain, 0.06))


@pytest.mark.parametrize(("ratio", "said"), [(1.1532, "+15.3"), (0.9, "-10.0"), (0.9999, "+0.0")])
def test_a_difference_is_told_to_a_tenth_of_a_per_cent(ratio: float, said: str) -> None:
    assert signed(math.log(ratio)) == said


def test_the_table_of_metrics_is_complete() -> None:
    assert LOOKS == (8, 12, 16)
    assert len({metric.id for metric in METRICS}) == len(METRICS)
    assert all(isinstance(metric, Metric) and metric.margin > 0 and metric.reason for metric in METRICS)
