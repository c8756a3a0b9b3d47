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
VERSIONS: Final = (BASELINE, CANDIDATE)
MOST_REPLAYS: Final = 6
"""Pairs that are played again, after which the machine is too busy to measure anything."""
BUSY_SHARE: Final = 0.5
BUSY_CORES: Final = 0.25
"""A pair is disturbed when everything else on the node takes more CPU than usual by this share, and by these cores."""
PAIRS_KNOWN: Final = 3
"""Pairs without which nothing is usual yet."""


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
    """What was played.

    Attributes:
        notes: rounds that were played again.
        ended: why it ended early, or nothing.
        failed: the round that ended it; None where it was not a version's doing.
    """

    pairs: list[tuple[Round, Round]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ended: str = ""
    failed: Round | None = None

    def end(self, which: str, failed: Round) -> None:
        """No round follows one (``a round``) in which a version did not drain the readings."""
        self.ended, self.failed = f"{which} of the {failed.version} failed: {failed.failed}", failed

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


Play = Callable[[Sequence[str]], Sequence[Round]]
"""Plays these versions in turns, begun in this order."""
Enough = Callable[[Mapping[str, Sequence[tuple[float, float]]], int], bool]


def play_pairs(play: Play, enough: Enough, chance: random.Random, played: Played | None = None) -> Iterator[Played]:
    """Play pairs until it is enough or the budget is spent; yields after each pair what was played so far.

    The first pair is dropped: caches and connections are cold. In a pair the versions take turns of a part of a second;
    the order in which they begin is A B B A or B A A B by chance, so that whoever begins is no better off.

    Args:
        enough: told the costs by metric and the number of pairs after each, whether more would help.
    """
    played = played if played is not None else Played()
    first = play(VERSIONS)
    if failed := _failed(first):
        played.end("the first round", failed)
        yield played
        return
    usual = [first[0].others]
    for order in _orders(chance):
        _play_pair(play, order, usual, played)
        yield played
        if played.ended or len(played.pairs) >= LOOKS[-1] or enough(played.costs(), len(played.pairs)):
            return


def _failed(rounds: Sequence[Round]) -> Round | None:
    return next((one for one in rounds if one.failed), None)


def _orders(chance: random.Random) -> Iterator[tuple[str, str]]:
    while True:
        first = (BASELINE, CANDIDATE) if chance.random() < 0.5 else (CANDIDATE, BASELINE)
        yield first
        yield first[::-1]


def _play_pair(play: Play, order: Sequence[str], usual: list[float], played: Played) -> None:
    while True:
        rounds = play(order)
        if failed := _failed(rounds):
            played.end("a round", failed)
            return
        disturbed = noise(rounds[0].others, usual)
        if not disturbed:
            break
        played.notes.append(f"pair {len(played.pairs) + 1} is played again: {disturbed}")
        if len(played.notes) > MOST_REPLAYS:
            played.ended = f"more than {MOST_REPLAYS} pairs were disturbed, the last one: {disturbed}"
            return
    usual.append(rounds[0].others)
    by_version = {one.version: one for one in rounds}
    played.pairs.append((by_version[BASELINE], by_version[CANDIDATE]))


def noise(others: float, usual: Sequence[float]) -> str:
    """What disturbed a pair, held against what others took in those before; nothing where it was as usual."""
    if len(usual) < PAIRS_KNOWN:
        return ""
    known = median(usual)
    if others <= known + max(BUSY_CORES, BUSY_SHARE * known):
        return ""
    return f"something else used {others:.2f} cores, up from {known:.2f}"
