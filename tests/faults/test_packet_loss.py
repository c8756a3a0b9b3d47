"""Packets are lost in the network of the pods that are named, and of no other; it has landed once some were."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline_services.faults.journal import Command
from pipeline_services.faults.packet_loss import packets_lost, port_dropped
from tests.faults.both_steps import both_steps


class Pods:
    """A node on which each pod's rules have lost so many packets."""

    def __init__(self, **lost: str) -> None:
        self.lost = {address.replace("_", "."): said for address, said in lost.items()}

    def on_node(self, words: Sequence[str]) -> str:
        return self.lost.get(words[4], "")


@pytest.mark.parametrize(
    ("lost", "landed", "gone"),
    [
        ({"10_0_0_9": "3\n1\n", "10_0_0_8": "0\n2\n"}, True, False),
        ({"10_0_0_9": "3\n1\n", "10_0_0_8": "0\n0\n"}, False, False),
        ({"10_0_0_9": "3\n1\n"}, False, False),
        ({}, False, True),
    ],
    ids=["both lose", "one has rules and loses none", "one has no rules", "no rules are left"],
)
def test_it_is_seen_where_the_packets_are_counted(lost: dict[str, str], landed: bool, gone: bool) -> None:
    fault = packets_lost(Pods(**lost), ["10.0.0.9", "10.0.0.8"], 0.5)
    assert fault.landed is not None
    assert fault.gone is not None
    assert (fault.landed.holds(), fault.gone.holds()) == (landed, gone)


def test_what_it_adds_its_undo_deletes() -> None:
    fault = packets_lost(Pods(), ["10.0.0.9"], 0.25)
    add, delete = both_steps(fault, Command)
    assert "--probability 0.25 " in add.words[-1]
    assert delete.words[-1] == add.words[-1].replace(" -A ", " -D ")
    assert add.words[4] == delete.words[4] == "10.0.0.9"


@pytest.mark.parametrize(("addresses", "share"), [([], 0.5), (["10.0.0.9"], 0.0), (["10.0.0.9"], 1.0)])
def test_without_a_target_or_a_share_it_is_refused(addresses: list[str], share: float) -> None:
    with pytest.raises(ValueError, match="explicit target"):
        packets_lost(Pods(), addresses, share)


@pytest.mark.parametrize(
    ("said", "landed", "gone"),
    [
        ({"10_0_0_9": "dropped\n", "10_0_0_8": "dropped\n"}, True, False),
        ({"10_0_0_9": "dropped\n"}, False, False),
        ({}, False, True),
    ],
    ids=["each", "one is left", "none"],
)
def test_a_port_is_dropped_for_each_pod_and_then_for_none(said: dict[str, str], landed: bool, gone: bool) -> None:
    fault = port_dropped(Pods(**said), ["10.0.0.9", "10.0.0.8"], 8086)
    assert fault.landed is not None
    assert fault.gone is not None
    assert (fault.landed.holds(), fault.gone.holds()) == (landed, gone)


def test_what_drops_a_port_is_deleted_again() -> None:
    fault = port_dropped(Pods(), ["10.0.0.9"], 8086)
    (add,), (delete,) = fault.inject, fault.undo
    assert isinstance(add, Command)
    assert isinstance(delete, Command)
    assert add.words[-1] == "iptables -A OUTPUT -p tcp --dport 8086 -j DROP"
    assert delete.words[-1] == "iptables -D OUTPUT -p tcp --dport 8086 -j DROP"
    with pytest.raises(ValueError, match="explicit target"):
        port_dropped(Pods(), [], 8086)
