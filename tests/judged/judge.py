"""How well searches answer, by two measures of the literature.

Precision in the first ten: of ten places (fewer where the catalogue has fewer right products) the part that holds a
right one. Reciprocal rank: one by the place of the first right product, 0 without one in the first ten. Both are means
over queries.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

FIRST = 10

PRECISION = 0.9
RECIPROCAL_RANK = 0.95
"""What is promised of each set."""

TUNED = Path(__file__).with_name("tuned.txt")
HELD_OUT = Path(__file__).with_name("held_out.txt")


class Product(NamedTuple):
    """What is judged of one: `kind` is its name as far as the first comma."""

    category: str
    kind: str
    unit: str

    @classmethod
    def of(cls, name: str, category: str, unit: str) -> "Product":
        return cls(category, name.split(",")[0].strip(), unit)


class Catalogue:
    """Everything that could be found."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._units: dict[tuple[str, str], Counter[str]] = {}
        for category, kind, unit in products:
            self._units.setdefault((category, kind), Counter())[unit] += 1

    def right(self, query: "Query") -> int:
        """How many products are right, FIRST at most."""
        found = 0
        for kind, units in self._units.items():
            if query.holds(*kind):
                found += sum(number for unit, number in units.items() if query.has_size(unit))
            if found >= FIRST:
                return FIRST
        return found

    def unmatched(self, query: "Query") -> list[str]:
        """Patterns that no kind of product answers to: a slip of who wrote them."""
        return [
            pattern
            for pattern in query.patterns
            if not any(_matches(pattern.removeprefix("!"), *kind) for kind in self._units)
        ]


class Query:
    """A line of the judged set."""

    def __init__(self, line: str) -> None:
        self.text, patterns, *sizes = (part.strip() for part in line.split(" | "))
        self.patterns = [pattern.strip() for pattern in patterns.split(" ; ")]
        self._sizes = [f"* {size.strip()}" for size in sizes[0].split(" ; ")] if sizes else ["*"]

    def right(self, product: Product) -> bool:
        return self.holds(product.category, product.kind) and self.has_size(product.unit)

    def holds(self, category: str, kind: str) -> bool:
        taken = [pattern for pattern in self.patterns if _matches(pattern.removeprefix("!"), category, kind)]
        return bool(taken) and not any(pattern.startswith("!") for pattern in taken)

    def has_size(self, unit: str) -> bool:
        """Some units have a letter before: "AB 8 OZ"."""
        return any(fnmatchcase(f" {unit}", size) for size in self._sizes)


class Judgement(NamedTuple):
    """`kinds`: how many different ones are in the first ten."""

    query: str
    precision: float
    reciprocal_rank: float
    kinds: int


class Report(NamedTuple):
    judgements: Sequence[Judgement]

    @property
    def precision(self) -> float:
        return fmean(one.precision for one in self.judgements)

    @property
    def reciprocal_rank(self) -> float:
        return fmean(one.reciprocal_rank for one in self.judgements)

    @property
    def kinds(self) -> float:
        return fmean(one.kinds for one in self.judgements)

    @property
    def worst(self) -> list[Judgement]:
        """What is not perfect, the worst first."""
        imperfect = (one for one in self.judgements if one.precision < 1)
        return sorted(imperfect, key=lambda one: (one.precision, one.reciprocal_rank))

    @property
    def means(self) -> str:
        return f"precision {self.precision:.3f}, reciprocal rank {self.reciprocal_rank:.3f}"

    def __str__(self) -> str:
        worst = [f"  {one.query}: {one.precision:.2f}, {one.reciprocal_rank:.2f}" for one in self.worst]
        return "\n".join([self.means, *worst])


def read(path: Path) -> list[Query]:
    return [Query(line) for line in path.read_text().splitlines() if line]


def judge(query: Query, catalogue: Catalogue, found: Sequence[Product]) -> Judgement:
    """`found`: what the query was answered with, best first. Raises ValueError when no product of the catalogue is
    right: then nothing can be judged."""
    right = catalogue.right(query)
    if not right:
        raise ValueError(f"no product is right for {query.text!r}")
    verdicts = [query.right(product) for product in found[:FIRST]]
    rank = 1 / (verdicts.index(True) + 1) if any(verdicts) else 0.0
    return Judgement(query.text, min(1.0, sum(verdicts) / right), rank, len({product[:2] for product in found[:FIRST]}))


def _matches(pattern: str, category: str, kind: str) -> bool:
    return fnmatchcase(f"{category} > {kind}" if " > " in pattern else kind, pattern)
