"""The paired rounds: in which order the versions play, which rounds are dropped or played again, when it is enough."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from pipeline_services.release.gates import LOOKS

BASELINE: Final = "baseline"
CANDIDATE: Final = "candidate"
MOST_REPLAYS: Final = 6
"""Rounds that are played again, after which the machine is too busy to measure anything."""
BUSY_SHARE: Final = 0.5
BUSY_CORES: Final = 0.25
"""A round is noisy when everything else on the node takes more CPU than usual by this share, and by these cores."""
ROUNDS_KNOWN: Final = 3
"""Rounds without which nothing is usual yet."""


@dataclass(frozen=True, slots=True)
class Round:
    """One version that drained the readings once.

    Attributes:
        costs: by metric what it took, in the metric's unit.
        others: CPU cores that everything else on the node took meanwhile.
        stored: readings that are in its bucket afterwards.
        failed: why it did not drain them; empty where it did.
    """

    version: str
    costs: Mapping[str, float] = field(default_factory=dict)
    others: float = 0.0
    stored: int = 0
    failed: str = ""


@dataclass(slots=True)
class Played:
    """What was played. ``notes``: rounds that were played again; ``ended``: why it ended early, or nothing."""

    pairs: list[tuple[Round, Round]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ended: str = ""

    def costs(self) -> dict[str, list[tuple[float, float]]]:
        """By metric the (baseline, candidate) of each pair."""
        names = {name for pair in self.pairs for one in pair for name in one.costs}
        missing = float("nan")
        return {
            name: [(a.costs.get(name, missing), b.costs.get(name, missing)) for a, b in self.pairs] for name in names
        }

    def rounds(self) -> list[Round]:
        """All rounds that count."""
        return [one for pair in self.pairs for one in pair]


Play = Callable[[str], Round]
Enough = Callable[[Mapping[str, Sequence[tuple[float, float]]], int], bool]


def play_pairs(play: Play, enough: Enough, chance: random.Random, played: Played | None = None) -> Iterator[Played]:
    """Play pairs until it is enough or the budget is spent; yields after each pair what was played so far.

    The first round of each version is dropped: caches and connections are cold. The order is A B B A or B A A B by
    chance, so that whatever drifts over the run meets both versions alike.

    Args:
        enough: told the costs by metric and the number of pairs after each, whether more would help.
    """
    played = played if played is not None else Played()
    usual: list[float] = []
    for version in (BASELINE, CANDIDATE):
        first = play(version)
        if first.failed:
            played.ended = f"the first round of the {version} failed: {first.failed}"
            yield played
            return
        usual.append(first.others)
    for order in _orders(chance):
        _play_pair(play, order, usual, played)
        yield played
        if played.ended or len(played.pairs) >= LOOKS[-1] or enough(played.costs(), len(played.pairs)):
            return


def _orders(chance: random.Random) -> Iterator[tuple[str, str]]:
    while True:
        first = (BASELINE, CANDIDATE) if chance.random() < 0.5 else (CANDIDATE, BASELINE)
        yield first
        yield first[::-1]


def _play_pair(play: Play, order: tuple[str, str], usual: list[float], played: Played) -> None:
    while True:
        rounds = [play(version) for version in order]
        failed = next((one for one in rounds if one.failed), None)
        if failed is not None:
            played.ended = f"a round of the {failed.version} failed: {failed.failed}"
            return
        noisy = next((told for one in rounds if (told := noise(one, usual))), "")
        if not noisy:
            break
        played.notes.append(f"pair {len(played.pairs) + 1} is played again: {noisy}")
        if len(played.notes) > MOST_REPLAYS:
            played.ended = f"more than {MOST_REPLAYS} pairs were disturbed, the last one: {noisy}"
            return
    usual += [one.others for one in rounds]
    by_version = {one.version: one for one in rounds}
    played.pairs.append((by_version[BASELINE], by_version[CANDIDATE]))


def noise(one: Round, usual: Sequence[float]) -> str:
    """What disturbed a round, held against what others took in those before; nothing where it was as usual."""
    if len(usual) < ROUNDS_KNOWN:
        return ""
    known = median(usual)
    if one.others <= known + max(BUSY_CORES, BUSY_SHARE * known):
        return ""
    return f"something else took {one.others:.2f} cores during a round of the {one.version}, as against {known:.2f}"
