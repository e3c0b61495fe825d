"""The protocol with the programs that measure other orchestrators."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.graphs import chain, fan, lattice, pairs
from benchmarks.peers import environment
from benchmarks.peers.peer import Peer, PeerFailed
from benchmarks.peers.protocol import Workload


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("tests.benchmarks.plain_peer", Path(sys.executable)) as started:
        yield started


def test_peer_returns_the_time_of_a_workload(peer: Peer) -> None:
    for work in (Workload("chain", "fibo", chain(3)), Workload("fan", "noop", fan(3))):
        assert 0 < peer.time(work, within_s=30) < 30


def test_peer_that_lost_a_step_fails(peer: Peer) -> None:
    with pytest.raises(PeerFailed, match="executed 2 of 3 steps"):
        peer.time(Workload("lost", "noop", chain(3)), within_s=30)


def test_unsupported_workload_fails_with_its_reason(peer: Peer) -> None:
    with pytest.raises(PeerFailed, match="no such thing"):
        peer.time(Workload("unknown", "noop", {}), within_s=30)


def test_peer_that_timed_out_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, peer: Peer
) -> None:
    monkeypatch.setattr("benchmarks.peers.peer.END_WITHIN_S", 0.2)  # it is still busy at the end
    with pytest.raises(PeerFailed, match="not within 0 s"):
        peer.time(Workload("slow", "noop", chain(3)), within_s=0.01)
    with pytest.raises(PeerFailed, match="an earlier workload timed out"):
        peer.time(Workload("chain", "noop", chain(3)), within_s=30)


def test_peer_that_does_not_start_fails_with_its_reason() -> None:
    with pytest.raises(PeerFailed, match="No module named"), Peer("nothing", Path(sys.executable)):
        pass


@pytest.mark.parametrize("name", environment.NAMES)
def test_every_peer_has_a_description_and_pinned_dependencies(name: str) -> None:
    assert len(environment.description(name)) > len(name)
    assert environment.dependencies(name)
    for package in environment.dependencies(name):
        assert re.fullmatch(r"[a-z-]+(\[[a-z]+\])?==[0-9.]+", package)


def test_graphs_have_the_edges_of_their_names() -> None:
    assert chain(3) == {"s0": [], "s1": ["s0"], "s2": ["s1"]}
    assert fan(2) == {"root": [], "s0": ["root"], "s1": ["root"], "join": ["s0", "s1"]}
    assert pairs(4) == {"a0": [], "a1": [], "b0": ["a0"], "b1": ["a1"]}
    large = lattice(1_000)
    assert sum(map(len, large.values())) == 2 * 900
    assert all(up in large and len(set(ups)) == 2 for ups in large.values() for up in ups)
