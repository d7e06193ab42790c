"""The part of PromQL that alerts are written in means what Prometheus means by it, and the rest is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto.readings import Readings, Sample
from services.analytics.alerts.expressions import (
    FORGET_SECONDS,
    Expression,
    ExpressionError,
    Memory,
    Value,
    compile_expression,
)

EVERY = 5.0


class Watch:
    """An expression, given the samples of one round after the other."""

    def __init__(self, text: str, hurry: float = 1.0) -> None:
        self.expression: Expression
        self.expression, self.names, self.longest = compile_expression(text, hurry)
        self.memory = Memory(EVERY)
        self.at = 1_000.0

    def hear(self, *answers: Readings, after: float = EVERY) -> Value:
        self.at += after
        return self.expression.value(self.memory.take(self.at, answers))


def answer(*samples: tuple[str, dict[str, str], float], job: str = "orders", instance: str = "one") -> Readings:
    return Readings(job, instance, [Sample(*sample) for sample in samples])


def test_a_gauge_is_compared_under_its_labels() -> None:
    watch = Watch("max by (context) (waits) > 5")
    assert watch.hear(
        answer(("waits", {"context": "orders"}, 9.0), ("waits", {"context": "catalog"}, 2.0)),
        answer(("waits", {"context": "orders"}, 7.0), instance="two"),
    ) == {(("context", "orders"),): 9.0}


def test_matchers_are_anchored_and_a_label_that_is_not_there_is_empty() -> None:
    told = answer(("g", {"durable": "a-stock"}, 1.0), ("g", {"durable": "b-stock-2"}, 2.0), ("g", {}, 3.0))
    assert Watch('sum(g{durable=~"a-stock|b-stock"})').hear(told) == {(): 1.0}
    assert Watch('sum(g{durable!~"a-.*"})').hear(told) == {(): 5.0}
    assert Watch('sum(g{durable=""})').hear(told) == {(): 3.0}
    assert Watch('sum(g{durable!="",job="orders"})').hear(told) == {(): 3.0}


def test_growth_is_summed_over_the_window_and_a_new_process_has_no_growth_yet() -> None:
    watch = Watch("sum by (stream) (increase(c_total[10s]))")
    group = (("stream", "ORDERS"),)

    def told(value: float, instance: str = "one") -> Readings:
        return answer(("c_total", {"stream": "ORDERS"}, value), instance=instance)

    assert watch.hear(told(1_000)) == {group: 0.0}
    assert watch.hear(told(1_003)) == {group: 3.0}
    assert watch.hear(told(1_004), told(77, "two")) == {group: 4.0}
    assert watch.hear(told(1_004), told(78, "two")) == {group: 2.0}
    assert watch.hear(told(1_004), told(78, "two")) == {group: 1.0}
    assert watch.hear(told(1_004), told(78, "two")) == {group: 0.0}


def test_a_counter_that_began_anew_has_grown_from_nothing() -> None:
    watch = Watch("sum(increase(c_total[1m]))")
    watch.hear(answer(("c_total", {}, 50.0)))
    assert watch.hear(answer(("c_total", {}, 4.0))) == {(): 4.0}


def test_a_series_that_appears_at_a_known_process_has_grown_from_nothing() -> None:
    watch = Watch("sum(increase(c_total[1m]))")
    watch.hear(answer())
    assert watch.hear(answer(("c_total", {"stream": "ORDERS"}, 2.0))) == {(): 2.0}


def test_a_rate_is_growth_by_second_of_the_window() -> None:
    watch = Watch("sum(rate(c_total[10s]))")
    watch.hear(answer(("c_total", {}, 0.0)))
    assert watch.hear(answer(("c_total", {}, 20.0))) == {(): 2.0}


def test_a_rehearsal_has_shorter_windows() -> None:
    watch = Watch("sum(increase(c_total[10m]))", hurry=60)
    assert watch.longest == 10.0
    watch.hear(answer(("c_total", {}, 0.0)))
    assert watch.hear(answer(("c_total", {}, 6.0))) == {(): 6.0}
    assert watch.hear(answer(("c_total", {}, 6.0)), after=10) == {(): 0.0}


def test_a_process_that_missed_a_round_still_counts_and_then_is_gone() -> None:
    watch = Watch("absent(g)")
    assert watch.hear() == {(): 1.0}
    assert watch.hear(answer(("g", {}, 0.0))) == {}
    assert watch.hear() == {}
    assert watch.hear() == {}
    assert watch.hear() == {(): 1.0}


def test_a_process_that_comes_back_late_is_a_new_one() -> None:
    watch = Watch("sum(increase(c_total[1h]))")
    watch.hear(answer(("c_total", {}, 10.0)))
    assert watch.hear(answer(("c_total", {}, 12.0)), after=FORGET_SECONDS - 1) == {(): 2.0}
    watch.hear(after=FORGET_SECONDS + 1)
    assert watch.hear(answer(("c_total", {}, 900.0))) == {(): 0.0}


def test_a_ratio_joins_equal_labels_and_nothing_over_nothing_is_no_value() -> None:
    watch = Watch("busy / size > 0.8")
    told = watch.hear(
        answer(("busy", {"pool": "a"}, 9.0), ("size", {"pool": "a"}, 10.0)),
        answer(("busy", {"pool": "a"}, 0.0), ("size", {"pool": "a"}, 0.0), instance="two"),
        answer(("busy", {"pool": "a"}, 9.0), instance="three"),
    )
    assert told == {(("instance", "one"), ("job", "orders"), ("pool", "a")): 0.9}


def test_and_keeps_the_left_where_the_right_has_the_same_labels() -> None:
    watch = Watch("max by (x) (a) > 5 and max by (x) (b) == 0")
    told = answer(("a", {"x": "1"}, 6.0), ("a", {"x": "2"}, 7.0), ("b", {"x": "1"}, 0.0), ("b", {"x": "2"}, 1.0))
    assert watch.hear(told) == {(("x", "1"),): 6.0}


def test_numbers_are_computed_on_either_side() -> None:
    watch = Watch("sum(a) > 0.05 * sum(b) + (6 - 2) / 2")
    assert watch.hear(answer(("a", {}, 4.0), ("b", {}, 20.0))) == {(): 4.0}
    assert watch.hear(answer(("a", {}, 3.0), ("b", {}, 20.0))) == {}


def buckets(*counts: tuple[str, float]) -> Readings:
    return answer(*(("h_bucket", {"le": le}, count) for le, count in counts))


def test_a_quantile_lies_linearly_in_its_bucket() -> None:
    watch = Watch("histogram_quantile(0.5, sum by (le) (rate(h_bucket[1m])))")
    watch.hear(buckets(("0.1", 0), ("0.2", 0), ("+Inf", 0)))
    [value] = _values(watch.hear(buckets(("0.1", 40), ("0.2", 80), ("+Inf", 100))))
    assert value == pytest.approx(0.1 + 0.1 * 10 / 40)


def test_a_quantile_above_the_last_bound_is_that_bound_and_of_nothing_there_is_none() -> None:
    watch = Watch("histogram_quantile(0.99, sum by (le) (rate(h_bucket[1m]))) > 0")
    assert watch.hear(buckets(("0.1", 0), ("0.2", 0), ("+Inf", 0))) == {}
    assert watch.hear(buckets(("0.1", 40), ("0.2", 80), ("+Inf", 100))) == {(): 0.2}


@given(
    st.lists(st.floats(0.0, 1.2), min_size=1, max_size=60),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_a_quantile_is_in_the_bucket_of_the_true_one(seen: list[float], part: float) -> None:
    bounds = [0.05, 0.1, 0.25, 0.5, 1.0]
    watch = Watch(f"histogram_quantile({part}, sum by (le) (rate(h_bucket[1m])))")
    named = [*((str(bound), bound) for bound in bounds), ("+Inf", math.inf)]
    watch.hear(buckets(*((name, 0) for name, _ in named)))
    [value] = _values(watch.hear(buckets(*((name, sum(one <= bound for one in seen)) for name, bound in named))))
    true = sorted(seen)[math.ceil(part * len(seen)) - 1]
    upper = next((bound for bound in bounds if true <= bound), bounds[-1])
    lower = max((bound for bound in [0.0, *bounds] if bound < upper), default=0.0)
    assert lower - 1e-9 <= value <= upper + 1e-9


def _values(told: Value) -> list[float]:
    assert isinstance(told, dict)
    return list(told.values())


@given(st.lists(st.integers(0, 20), min_size=1, max_size=80))
def test_growth_never_drifts_from_the_sum_over_its_window(steps: list[int]) -> None:
    watch = Watch("sum(increase(c_total[30s]))")
    total = 0.0
    watch.hear(answer(("c_total", {}, total)))
    for index, step in enumerate(steps):
        total += step
        assert watch.hear(answer(("c_total", {}, total))) == {(): sum(steps[max(0, index - 5) : index + 1])}


def test_the_names_that_are_read_are_those_of_the_samples() -> None:
    watch = Watch("histogram_quantile(0.9, sum by (le) (rate(h_bucket[1m]))) > 1 and sum(increase(h_count[5m])) > 2")
    assert watch.names == {"h_bucket", "h_count"}
    assert watch.longest == 300.0


@pytest.mark.parametrize(
    "unknown",
    [
        "max by (x) (",
        "rate(a_total[5m]) > 0",
        "sum without (x) (a)",
        "avg(a)",
        "a or b",
        "a > bool 1",
        "a / on (x) b",
        "sum(rate(a_total[5m:1m]))",
        "a offset 5m",
        "abs(a)",
        "-a",
        "topk(3, a)",
        '{job="orders"}',
        "histogram_quantile(scalar(a), b)",
        "absent(sum(a))",
        "a % 2",
    ],
)
def test_what_is_not_known_here_is_refused(unknown: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(unknown)
