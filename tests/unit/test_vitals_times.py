"""Histograms as processes tell them: they add up, differences are exact, and a quantile is Prometheus's."""

from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto.vitals import QUERY_BOUNDS, Times

SECONDS = st.lists(st.floats(0, 10, allow_nan=False), max_size=50)


def times_of(seconds: list[float]) -> Times:
    counts = [0] * (len(QUERY_BOUNDS) + 1)
    for each in seconds:
        counts[bisect_left(QUERY_BOUNDS, each)] += 1
    return Times(tuple(counts), sum(seconds))


@given(SECONDS, SECONDS)
def test_what_came_between_two_answers_is_their_difference(before: list[float], later: list[float]) -> None:
    came = times_of(before + later).since(times_of(before))
    assert came.counts == times_of(later).counts
    assert came.seconds == pytest.approx(sum(later), abs=1e-9)
    assert (came + times_of(before)).counts == times_of(before + later).counts


@given(SECONDS.filter(bool), st.floats(0.01, 1))
def test_a_quantile_stands_in_the_bucket_of_the_time_that_so_many_kept_to(seconds: list[float], share: float) -> None:
    counted = times_of(seconds)
    quantile = counted.quantile(share, QUERY_BOUNDS)
    assert quantile is not None
    wanted = share * len(seconds)
    true = next(each for rank, each in enumerate(sorted(seconds), 1) if rank >= wanted)
    if true > QUERY_BOUNDS[-1]:
        assert quantile == QUERY_BOUNDS[-1]
    else:
        low, high = next((low, high) for low, high in pairwise((0.0, *QUERY_BOUNDS)) if true <= high)
        assert low <= quantile <= high


def test_of_nothing_there_is_no_quantile() -> None:
    assert times_of([]).quantile(0.95, QUERY_BOUNDS) is None
