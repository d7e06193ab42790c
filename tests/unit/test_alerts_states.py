"""When an alert begins and when it is over: it never flaps, and what another explains does not begin."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.alerts.expressions import NOTHING, Vector
from services.analytics.alerts.rules import Compiled, Rule, compile_rules
from services.analytics.alerts.states import Began, Ended, Key, States

HOLDS: Vector = {NOTHING: 7.0}
EVERY = 5.0


def rule(
    name: str, lasting: str | None = "1m", keeping: str = "2m", explains: Sequence[str] = (), reach: str = "1s"
) -> Rule:
    return Rule(
        group="g",
        name=name,
        expr=f"sum(increase(c_total[{reach}])) > 0",
        lasting=lasting,
        keeping=keeping,
        severity="page",
        summary="",
        action="",
        runbook="docs/runbooks/x.md#y",
        explains=tuple(explains),
    )


class Run:
    """Rounds of these rules, EVERY seconds apart."""

    def __init__(self, *rules: Rule, firing: Sequence[Key] = ()) -> None:
        self.rules: tuple[Compiled, ...] = compile_rules(rules)[0]
        self.at = 0.0
        self.states = States(self.rules, firing, self.at)

    def round(self, *holding: str) -> list[str]:
        """What changed: `+A` began, `-A` ended."""
        self.at += EVERY
        changes = self.states.advance(
            self.at, {one.rule.name: HOLDS if one.rule.name in holding else {} for one in self.rules}
        )
        return [f"{'+' if isinstance(change, Began) else '-'}{change.key.name}" for change in changes]

    def rounds(self, seconds: float, *holding: str) -> list[str]:
        return [change for _ in range(int(seconds / EVERY)) for change in self.round(*holding)]


def test_it_begins_after_it_has_held_and_is_over_after_it_has_not() -> None:
    run = Run(rule("A"))
    assert run.rounds(60, "A") == []
    assert run.round("A") == ["+A"]
    assert run.rounds(600, "A") == []
    assert run.rounds(120) == []
    assert run.round() == ["-A"]


def test_without_for_it_begins_at_once() -> None:
    assert Run(rule("A", lasting=None)).round("A") == ["+A"]


def test_a_moment_without_it_begins_the_wait_anew() -> None:
    run = Run(rule("A"))
    assert run.rounds(55, "A") + run.round() + run.rounds(60, "A") == []
    assert run.round("A") == ["+A"]


def test_a_moment_with_it_keeps_it_firing() -> None:
    run = Run(rule("A"))
    assert run.rounds(65, "A") == ["+A"]
    assert run.rounds(115) + run.round("A") + run.rounds(120) == []
    assert run.round() == ["-A"]


def test_each_value_is_an_alert_of_its_own() -> None:
    run = Run(rule("A", lasting=None))
    orders, catalog = (("context", "orders"),), (("context", "catalog"),)
    assert run.states.advance(5, {"A": {orders: 1.0}}) == [Began(Key("A", orders), 1.0)]
    assert run.states.advance(10, {"A": {orders: 2.0, catalog: 3.0}}) == [Began(Key("A", catalog), 3.0)]
    assert run.states.advance(200, {"A": {catalog: 3.0}}) == []
    assert run.states.advance(320, {"A": {catalog: 3.0}}) == [Ended(Key("A", orders))]
    assert list(run.states.firing) == [Key("A", catalog)]


def test_what_fired_before_this_process_took_over_goes_on_and_ends_once() -> None:
    run = Run(rule("A"), firing=[Key("A", NOTHING)])
    assert run.rounds(300, "A") == []
    assert run.rounds(130) == ["-A"]


def test_what_a_cause_explains_does_not_begin_even_while_the_cause_only_waits() -> None:
    run = Run(rule("Cause", lasting="5m", explains=["Symptom"]), rule("Symptom"))
    assert run.rounds(305, "Cause", "Symptom") == ["+Cause"]
    assert run.rounds(600, "Cause", "Symptom") == []


def test_an_echo_of_the_cause_in_the_symptoms_window_is_explained_too() -> None:
    run = Run(rule("Cause", lasting=None, keeping="1m", explains=["Symptom"]), rule("Symptom", reach="5m"))
    assert run.rounds(60, "Cause", "Symptom") == ["+Cause"]
    assert run.rounds(60 + 300, "Symptom") == ["-Cause"]
    assert run.rounds(60, "Symptom") == []
    assert run.round("Symptom") == ["+Symptom"]


def test_a_symptom_that_fires_is_not_silenced_by_a_later_cause() -> None:
    run = Run(rule("Cause", lasting=None, explains=["Symptom"]), rule("Symptom"))
    assert run.rounds(65, "Symptom") == ["+Symptom"]
    assert run.round("Cause", "Symptom") == ["+Cause"]
    assert run.rounds(130, "Cause") == ["-Symptom"]


@given(
    st.lists(st.booleans(), max_size=300),
    st.sampled_from([None, "5s", "30s", "2m"]),
    st.sampled_from(["10s", "1m", "3m"]),
)
def test_nothing_flaps_whatever_the_values_do(holds: list[bool], lasting: str | None, keeping: str) -> None:
    run = Run(rule("A", lasting, keeping))
    [compiled] = run.rules
    began: list[float] = []
    ended: list[float] = []
    for held in holds:
        for change in run.round(*(["A"] if held else [])):
            (began if change == "+A" else ended).append(run.at)
    assert len(began) - len(ended) in {0, 1}
    for begin, end in zip(began, ended, strict=False):
        assert end - begin >= compiled.keeping
    for end, begin in zip(ended, began[1:], strict=False):
        assert begin - end >= compiled.lasting
    for first, second in pairwise(began):
        assert second - first >= compiled.lasting + compiled.keeping


@given(st.lists(st.booleans(), max_size=200), st.sampled_from(["5s", "30s"]), st.sampled_from(["10s", "1m"]))
def test_it_fires_exactly_when_its_history_says_so(holds: list[bool], lasting: str, keeping: str) -> None:
    run = Run(rule("A", lasting, keeping))
    [compiled] = run.rules
    wait, keep = round(compiled.lasting / EVERY), round(compiled.keeping / EVERY)
    firing = False
    for index, held in enumerate(holds):
        run.round(*(["A"] if held else []))
        recent = holds[: index + 1]
        firing = any(recent[-keep - 1 :]) if firing else index >= wait and all(recent[-wait - 1 :])
        assert bool(list(run.states.firing)) == firing


@pytest.mark.parametrize("reach", ["1s", "10m"])
def test_causes_and_symptoms_in_a_chain(reach: str) -> None:
    run = Run(
        rule("Root", explains=["Middle"]),
        rule("Middle", explains=["Leaf"], reach=reach),
        rule("Leaf", reach=reach),
    )
    assert run.rounds(900, "Root", "Middle", "Leaf") == ["+Root"]
