"""What a row has to reach: a bound and its side, in a unit. Or nothing: then it is told and not judged."""

from typing import NamedTuple


class Reach(NamedTuple):
    """`bound` is the least, or the most where `at_most`; None where there is none."""

    bound: float | None = None
    unit: str = "×"
    at_most: bool = False

    def met(self, value: float) -> bool | None:
        """None where nothing is asked."""
        if self.bound is None:
            return None
        return value <= self.bound if self.at_most else value >= self.bound

    def told(self, value: float) -> str:
        return f"{value:.2f} {self.unit}" if self.unit == "×" else f"{value:.1f} {self.unit}"

    def __str__(self) -> str:
        return "" if self.bound is None else f"{'≤' if self.at_most else '≥'} {self.bound:g} {self.unit}"


def at_least(bound: float, unit: str = "×") -> Reach:
    return Reach(bound, unit)


def at_most(bound: float, unit: str = "×") -> Reach:
    return Reach(bound, unit, at_most=True)
