"""Other orchestrators are measured by programs of their own, which say how long it took."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.graphs import chain, fan, lattice, pairs
from benchmarks.peers import environment
from benchmarks.peers.peer import Failed, Peer
from benchmarks.peers.protocol import Work


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("tests.benchmarks.plain_peer", Path(sys.executable)) as started:
        yield started


def test_peer_returns_the_time_of_a_workload(peer: Peer) -> None:
    for work in (Work("chain", "fibo", chain(3)), Work("fan", "noop", fan(3))):
        assert 0 < peer.time(work, within_s=30) < 30


def test_a_peer_that_lost_a_step_has_no_time(peer: Peer) -> None:
    with pytest.raises(Failed, match="executed 2 of 3 steps"):
        peer.time(Work("lost", "noop", chain(3)), within_s=30)


def test_what_a_peer_does_not_offer_is_said(peer: Peer) -> None:
    with pytest.raises(Failed, match="no such thing"):
        peer.time(Work("unknown", "noop", {}), within_s=30)


def test_a_peer_that_is_late_is_not_asked_again(peer: Peer) -> None:
    with pytest.raises(Failed, match="not within 0 s"):
        peer.time(Work("slow", "noop", chain(3)), within_s=0.01)
    with pytest.raises(Failed, match="late with another"):
        peer.time(Work("chain", "noop", chain(3)), within_s=30)


def test_a_peer_that_does_not_start_says_why() -> None:
    with pytest.raises(Failed, match="No module named"), Peer("nothing", Path(sys.executable)):
        pass


@pytest.mark.parametrize("name", environment.NAMES)
def test_every_peer_says_what_it_is_and_pins_what_it_needs(name: str) -> None:
    assert len(environment.description(name)) > len(name)
    assert environment.dependencies(name)
    for package in environment.dependencies(name):
        assert re.fullmatch(r"[a-z-]+(\[[a-z]+\])?==[0-9.]+", package)


def test_graphs_have_the_edges_that_their_names_promise() -> None:
    assert chain(3) == {"s0": [], "s1": ["s0"], "s2": ["s1"]}
    assert fan(2) == {"root": [], "s0": ["root"], "s1": ["root"], "join": ["s0", "s1"]}
    assert pairs(4) == {"a0": [], "a1": [], "b0": ["a0"], "b1": ["a1"]}
    large = lattice(1_000)
    assert sum(map(len, large.values())) == 2 * 900
    assert all(up in large and len(set(ups)) == 2 for ups in large.values() for up in ups)
