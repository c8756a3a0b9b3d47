"""The order of rounds, and which of them count."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pytest

from pipeline_services.release.rounds import BASELINE, CANDIDATE, MOST_REPLAYS, Play, Played, Round, noise, play_pairs


def recorded(order: list[str], others: Iterable[float] = (), failing: int = -1) -> Play:
    """Plays rounds that cost what their number says; each with what others took, one of them failing."""
    taken = iter(others)

    def play(versions: Sequence[str]) -> list[Round]:
        busy, rounds = next(taken, 1.0), list[Round]()
        for version in versions:
            order.append(version)
            failed = "it never drained" if len(order) == failing else ""
            rounds.append(Round(version, {"cost": float(len(order))}, busy, 100, failed))
        return rounds

    return play


def last(play: Play, enough: int = 16, seed: int = 1) -> Played:
    *_, played = play_pairs(play, lambda _costs, number: number >= enough, random.Random(seed))
    return played


@pytest.mark.parametrize("seed", range(4))
def test_versions_play_in_balanced_blocks_after_one_round_of_each(seed: int) -> None:
    order: list[str] = []
    played = last(recorded(order), enough=8, seed=seed)
    assert order[:2] == [BASELINE, CANDIDATE]
    blocks = [order[place : place + 4] for place in range(2, len(order), 4)]
    block = [BASELINE, CANDIDATE, CANDIDATE, BASELINE]
    assert all(one in (block, [CANDIDATE, BASELINE, BASELINE, CANDIDATE]) for one in blocks)
    assert len(played.pairs) == 8
    assert min(value for pair in played.costs()["cost"] for value in pair) == 3.0  # the first of each is dropped


def test_the_same_seed_plays_the_same_order() -> None:
    orders: list[list[str]] = [[], [], []]
    for order, seed in zip(orders, (5, 5, 6), strict=True):
        last(recorded(order), seed=seed)
    assert orders[0] == orders[1] != orders[2]


def test_each_pair_is_baseline_then_candidate_whoever_played_first() -> None:
    played = last(recorded([]))
    assert {(a.version, b.version) for a, b in played.pairs} == {(BASELINE, CANDIDATE)}


def test_the_budget_ends_it() -> None:
    order: list[str] = []
    assert len(last(recorded(order), enough=99).pairs) == 16
    assert len(order) == 34


def test_a_disturbed_pair_is_played_again_and_said() -> None:
    order: list[str] = []
    played = last(recorded(order, [1.0] * 3 + [2.5]), enough=8)
    assert len(order) == 2 + 2 * 8 + 2
    assert played.notes == ["pair 3 is played again: something else used 2.50 cores, up from 1.00"]
    assert 7.0 not in [value for pair in played.costs()["cost"] for value in pair]


def test_a_machine_that_is_always_disturbed_ends_it() -> None:
    played = last(recorded([], [1.0] * 3 + [9.0] * 99))
    assert played.ended.startswith(f"more than {MOST_REPLAYS} pairs were disturbed")
    assert len(played.pairs) == 2


@pytest.mark.parametrize(
    ("failing", "said"),
    [(1, "the first round of the baseline"), (2, "the first round of the candidate"), (7, "a round")],
)
def test_a_round_that_fails_ends_it(failing: int, said: str) -> None:
    played = last(recorded([], failing=failing))
    assert played.ended.startswith(said)
    assert played.ended.endswith("failed: it never drained")
    assert len(played.pairs) == max(0, (failing - 3) // 2)


def test_a_cost_that_was_not_measured_is_no_number() -> None:
    played = Played([(Round(BASELINE, {"cost": 1.0}), Round(CANDIDATE))])
    ((a, b),) = played.costs()["cost"]
    assert a == 1.0
    assert b != b  # noqa: PLR0124 - NaN


@pytest.mark.parametrize(
    ("others", "usual", "noisy"),
    [(1.3, [1.0, 1.0, 1.0], False), (1.6, [1.0, 1.0, 1.0], True), (0.3, [0.1] * 3, False), (9.0, [1.0, 1.0], False)],
)
def test_noise_is_what_is_more_than_usual(others: float, usual: list[float], noisy: bool) -> None:
    assert bool(noise(others, usual)) is noisy
