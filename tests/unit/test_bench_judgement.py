"""When a benchmark tells a number, and which."""

import pytest

from loadtests.bench import report, wrk
from loadtests.bench.measure import Reading, Result, Runs
from loadtests.bench.noise import FOREIGN_MAX, SPIN_SPREAD_MAX, STEAL_MAX, Noise, Round, judge
from loadtests.bench.reach import Reach, at_least, at_most
from loadtests.bench.report import Measured
from loadtests.bench.rows import ROWS

QUIET = [1.0, 1.01, 1.02, 1.0, 1.03]


def test_a_quiet_machine_gives_no_reason() -> None:
    assert judge(QUIET, [Round(0.001, 0.02, {})] * 5).reasons == []


@pytest.mark.parametrize(
    ("noise", "word"),
    [
        (Noise(SPIN_SPREAD_MAX + 0.01, 0, 0), "loop"),
        (Noise(1, STEAL_MAX + 0.001, 0), "hypervisor"),
        (Noise(1, 0, FOREIGN_MAX + 0.001), "other processes"),
    ],
)
def test_each_witness_alone_keeps_the_number_back(noise: Noise, word: str) -> None:
    (reason,) = noise.reasons
    assert word in reason


def test_a_machine_that_changes_between_neighbours_is_noisy_and_one_that_drifts_is_not() -> None:
    assert judge([1.0, 2.0, 1.0, 2.0, 1.0], [Round(0, 0, {})]).spin_spread == 2.0
    assert judge([1.0, 1.1, 1.2, 1.3, 1.4, 1.5], [Round(0, 0, {})]).reasons == []


def test_of_the_rounds_the_middle_one_counts() -> None:
    seen = judge(QUIET, [Round(0.0, 0.01, {}), Round(0.9, 0.9, {}), Round(0.01, 0.02, {})])
    assert (seen.steal, seen.foreign) == (0.01, 0.02)


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    # The ratio of the medians would be 20 / 40.
    result = Result(Runs([10, 20, 90], 8, {}), Runs([40, 25, 100], 16, {}))
    assert result.value == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("reach", "value", "met"),
    [
        (at_least(0.4), 0.4, True),
        (at_least(0.4), 0.39, False),
        (at_most(25, "ms"), 25.0, True),
        (at_most(25, "ms"), 25.1, False),
        (Reach(unit="ms"), 1e9, None),
    ],
)
def test_a_bound_is_the_least_or_the_most_or_there_is_none(reach: Reach, value: float, met: bool | None) -> None:
    assert reach.met(value) is met


def test_the_table_for_people_has_a_line_a_row() -> None:
    result = Result(Runs([1000.0], 16, {}), Runs([2000.0], 16, {}))
    table = report.markdown([Measured(row, result) for row in ROWS])
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == [f"`{row.name}`" for row in ROWS]
    assert all("| 1,000/s | 2,000/s | 0.5" in line for line in table.splitlines()[2:])


def test_what_is_no_ratio_is_told_in_its_unit_with_its_bound() -> None:
    row = next(row for row in ROWS if row.name == "latency-1000")
    (line,) = report.markdown([Measured(row, Reading(24.96, "7.0 · 15.0 ms", {}))]).splitlines()[2:]
    assert line.endswith("|  | 7.0 · 15.0 ms |  | 25.0 ms | ≤ 25 ms |")


def test_no_row_has_the_name_of_another_or_of_a_group() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert not set(names) & {row.group for row in ROWS}


def test_a_request_is_one_line_whatever_it_holds() -> None:
    line = wrk.request_line("POST", "/api/orders", {"Idempotency-Key": "<KEY>"}, '{"a":1}')
    assert line == (
        "POST /api/orders HTTP/1.1<CRLF>Host: 127.0.0.1<CRLF>Idempotency-Key: <KEY><CRLF>Content-Length: 7<CRLF>"
        '<CRLF>{"a":1}'
    )
