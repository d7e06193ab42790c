"""How a query is read: its words, and what else each may mean. Pure.

Every word of a query must be found, in any order: as itself, as the beginning of a word, in singular or plural, behind
an abbreviation or, when no product has such a word, corrected by a letter or two. What a product holds in full ranks
above what only begins so; of that the database judges (`catalog.rank_of`).
"""

from collections.abc import Sequence

import msgspec

from services.catalog.abbreviations import MEANINGS

MOST_WORDS = 12
"""Longer queries are refused: no name has so many words, and each costs."""

CORRECTIONS = 3
"""A mistyped word stands for at most so many others."""

_CONNECTING = frozenset({"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"})


class Word(msgspec.Struct, frozen=True):
    """A word of a query, as the database splits them: letters in lower case, or a number. `known`: some product has it,
    or one that begins so if it is the last. `similar`: words that could be meant by one that is not known."""

    text: str
    known: bool
    similar: tuple[str, ...] = ()


class Terms(msgspec.Struct, frozen=True):
    """Two tsquery texts: what must match, and what an evident match holds."""

    matching: str
    evident: str


def read_query(words: Sequence[Word]) -> Terms | None:
    """None when there is nothing to look for."""
    meant = [word for word in words if word.text not in _CONNECTING] or words
    if not meant:
        return None
    full = [_full_words(word) for word in meant]
    every = [_any_of(_beginning(word) + _quoted(whole)) for word, whole in zip(meant, full, strict=True)]
    return Terms(" & ".join(every), _any_of(_quoted(frozenset[str]().union(*full))))


def forms(word: str) -> frozenset[str]:
    """The word in singular and plural, as English makes them; forms that do not exist do no harm."""
    if len(word) < 3 or not word.isalpha():
        return frozenset({word})
    found = {word, f"{word}s", f"{word}es"}
    if word.endswith("ies"):
        found.add(f"{word[:-3]}y")
    elif word.endswith("y"):
        found.add(f"{word[:-1]}ies")
    if word.endswith("es"):
        found |= {word[:-2], word[:-1]}
    elif word.endswith("s"):
        found.add(word[:-1])
    return frozenset(found)


def distance(one: str, other: str) -> int:
    """Letters to put in, take out, exchange, or swap with their neighbour (optimal string alignment)."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, above, row = above, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def corrections(word: Word) -> list[str]:
    """The similar words that are nearest: one letter away, or two where the word has at least seven."""
    measured = sorted((distance(word.text, similar), similar) for similar in word.similar)
    allowed = 2 if len(word.text) >= 7 else 1
    return [similar for away, similar in measured if away == measured[0][0] and away <= allowed][:CORRECTIONS]


def _full_words(word: Word) -> frozenset[str]:
    """Every word of a product that the word may stand for."""
    meant = forms(word.text)
    meaning = MEANINGS.get(word.text, "").split()
    if len(meaning) == 1:
        # One that stands for several words stands for itself alone: "oj" is not anything that is orange.
        meant |= forms(meaning[0])
    if not word.known and meant.isdisjoint(_SHORT) and word.text not in MEANINGS:
        meant = meant.union(*map(forms, corrections(word)))
    return meant.union(*(_SHORT.get(form, ()) for form in meant))


def _beginning(word: Word) -> list[str]:
    """The word as the beginning of another: of one that is abbreviated, too, when it has three letters or more. Not a
    single letter, and not a size; a long number may be a sku."""
    if len(word.text) < (5 if word.text[0].isdigit() else 2):
        return []
    short = (_SHORT[full] for full in _SHORT if len(word.text) >= 3 and full.startswith(word.text))
    return [f"{_quote(word.text)}:*", *_quoted(frozenset[str]().union(*short))]


def _any_of(terms: Sequence[str]) -> str:
    return f"({' | '.join(terms)})"


def _quoted(words: frozenset[str]) -> list[str]:
    return [_quote(word) for word in sorted(words)]


def _quote(word: str) -> str:
    """Words hold letters, digits and points alone; quoted, they are text to tsquery whatever they are."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _abbreviations() -> dict[str, frozenset[str]]:
    """Full word, in each of its forms → its abbreviations."""
    found: dict[str, set[str]] = {}
    for abbreviation, meaning in MEANINGS.items():
        for full in meaning.split():
            for form in forms(full):
                found.setdefault(form, set()).add(abbreviation)
    return {full: frozenset(short) for full, short in found.items()}


_SHORT = _abbreviations()
