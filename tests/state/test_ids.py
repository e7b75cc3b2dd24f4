"""Ids are unique, rise, and fit a signed 64-bit column until 2093."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

from state.ids import next_id, next_ids


def test_they_rise_even_in_a_burst_larger_than_the_counter() -> None:
    ids = [*next_ids(5_000), next_id(), *next_ids(3)]
    assert ids == sorted(set(ids))


def test_threads_never_get_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(next_ids, [500] * 40))
    ids = [i for batch in batches for i in batch]
    assert len(set(ids)) == len(ids)


def test_they_fit_63_bits() -> None:
    assert 0 < next_id() < 2**63


def _process_bits(_: int) -> int:
    return next_id() >> 10 & 0xFFF


def test_forked_processes_draw_bits_of_their_own() -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        drawn = set(pool.map(_process_bits, range(40), chunksize=1))
    assert _process_bits(0) not in drawn or len(drawn) > 1
