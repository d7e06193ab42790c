"""How a query is read: its words, and what else each may mean. Pure.

Every word of a query must be found, in any order: as itself, as the beginning of a word, in singular or plural, behind
an abbreviation, by what suppliers call it or, when no product has such a word, corrected by a letter or two. Words of
what a thing is ("coffee") are looked for among kinds, all else ("12 oz", a maker, a sku) on the products. Where no kind
has all the words, fewer will do: first without those that nobody has, then without the foremost, for in English what a
thing is stands last ("whole wheat bread" is bread).

What holds a word in full ranks above what only begins so; of that the database judges (`catalog.nearness`).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from services.catalog.abbreviations import MEANINGS, UNITS
from services.catalog.synonyms import SYNONYMS

MOST_WORDS = 12
"""Longer queries are refused: no name has so many words, and each costs."""

CORRECTIONS = 3
"""A mistyped word stands for at most so many others."""

_CONNECTING = frozenset({"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"})


class Word(msgspec.Struct, frozen=True):
    """A word of a query, as the database splits them: letters in lower case, or a number. `known`: some product has it.
    `of_kind`: a kind has one that begins so. Of one that is not known, `begun`: the words that start with it, or
    else `similar`: what could be meant."""

    text: str
    known: bool
    of_kind: bool = True
    begun: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()


class Terms(msgspec.Struct, frozen=True):
    """`readings`: tsqueries that a kind must match, the strictest first; the first that any kind matches counts.
    `evident`: the words that make a match evident. `rest`: a tsquery that the product must match beside; None where a
    kind says it all. Without readings, `rest` alone is looked for."""

    readings: tuple[str, ...]
    evident: tuple[str, ...]
    rest: str | None


class _Group(msgspec.Struct, frozen=True):
    """Words that are looked for as one: `matching` is a tsquery, `full` the words that make a match evident. `found`:
    something may have it."""

    matching: str
    full: frozenset[str]
    of_kind: bool
    found: bool = True


def read_query(words: Sequence[Word]) -> Terms | None:
    """None when there is nothing to look for."""
    meant = [word for word in words if word.text not in _CONNECTING] or list(words)
    if not meant:
        return None
    groups = list(_groups(meant))
    kinds = [group for group in groups if group.of_kind]
    rest = [group for group in groups if not group.of_kind]
    evident = frozenset[str]().union(*(group.full for group in groups))
    return Terms(
        readings=tuple(dict.fromkeys(_every(reading) for reading in _readings(kinds))),
        evident=tuple(sorted(evident)),
        rest=_every(rest) if rest else None,
    )


@lru_cache(maxsize=4096)  # the words of the catalogue, and most that people use
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


def _groups(words: list[Word]) -> Iterator[_Group]:
    """From the left, the longest phrase that has synonyms; then a number with its unit; else the word."""
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            phrase = words[place : place + length]
            synonyms = _synonyms(phrase, unfinished=place + length == len(words))
            if synonyms:
                yield _with_synonyms(phrase, synonyms)
                break
        else:
            length = 2 if _is_size(words[place : place + 2]) else 1
            yield _size(*words[place : place + 2]) if length == 2 else _word(words[place])
        place += length


@lru_cache(maxsize=4096)
def _word(word: Word) -> _Group:
    full = _full_words(word)
    of_kind = not word.text[0].isdigit() and (word.of_kind or not (word.known or word.begun))
    # What nobody has is found when it is short for something, or something is short for it.
    found = word.known or bool(word.begun) or len(full) > len(forms(word.text))
    return _Group(_any_of([*_beginning(word), *_quoted(full)]), full, of_kind, found)


def _synonyms(phrase: Sequence[Word], *, unfinished: bool) -> Sequence[str]:
    """What suppliers call it. `unfinished`: its last word may still be typed, if it is none yet."""
    before = "".join(f"{_singular(word.text)} " for word in phrase[:-1])
    last = phrase[-1]
    said = _SYNONYMS.get(before + _singular(last.text), ())
    if said or not unfinished or last.known or len(last.text) < 3:
        return said
    return next((meant for full, meant in _SYNONYMS.items() if full.startswith(before + last.text)), ())


def _with_synonyms(phrase: Sequence[Word], synonyms: Sequence[str]) -> _Group:
    said = [_word(word) for word in phrase]
    meant = [[_word(Word(text, known=True)) for text in synonym.split()] for synonym in synonyms]
    each = [_every(groups) for groups in (said, *meant)]
    full = frozenset[str]().union(*(group.full for groups in (said, *meant) for group in groups))
    return _Group(_any_of(each), full, of_kind=True)


def _is_size(pair: Sequence[Word]) -> bool:
    return len(pair) == 2 and pair[0].text[0].isdigit() and not forms(pair[1].text).isdisjoint(UNITS)


def _size(number: Word, unit: Word) -> _Group:
    """Side by side: "12 OZ" is not "National 12, 16 OZ"."""
    full = _full_words(unit) | {number.text}
    return _Group(f"({_quote(number.text)} <-> {_any_of(_quoted(_full_words(unit)))})", full, of_kind=False)


def _readings(groups: Sequence[_Group]) -> Iterator[Sequence[_Group]]:
    """From all the words to the last alone."""
    if groups:
        yield groups
        found = [group for group in groups if group.found] or groups
        yield from (found[place:] for place in range(len(found)))


def _full_words(word: Word) -> frozenset[str]:
    """Every word of a product that the word may stand for."""
    meant = forms(word.text)
    meaning = MEANINGS.get(word.text, "").split()
    if len(meaning) == 1:
        # One that stands for several words stands for itself alone: "oj" is not anything that is orange.
        meant |= forms(meaning[0])
    if word.begun:
        meant = meant.union(*map(forms, word.begun))
    elif not word.known and meant.isdisjoint(_SHORT) and word.text not in MEANINGS:
        meant = meant.union(*map(forms, corrections(word)))
    return meant.union(*(_SHORT.get(form, ()) for form in meant))


def _beginning(word: Word) -> list[str]:
    """The word as the beginning of another: of one that is abbreviated, too, when it has three letters or more. Not a
    single letter, and not a size; a long number may be a sku."""
    if len(word.text) < (5 if word.text[0].isdigit() else 2):
        return []
    short = frozenset[str]()
    if len(word.text) >= 3:
        for full in _FULL[bisect_left(_FULL, word.text) :]:
            if not full.startswith(word.text):
                break
            short |= _SHORT[full]
    return [f"{_quote(word.text)}:*", *_quoted(short)]


def _every(groups: Sequence[_Group]) -> str:
    return "(" + " & ".join(group.matching for group in groups) + ")"


def _any_of(terms: Sequence[str]) -> str:
    return f"({' | '.join(terms)})"


def _quoted(words: frozenset[str]) -> list[str]:
    return [_quote(word) for word in sorted(words)]


def _quote(word: str) -> str:
    """Words hold letters, digits and points alone; quoted, they are text to tsquery whatever they are."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _singular(word: str) -> str:
    """One name for a word in all its forms."""
    return min(forms(word), key=lambda form: (len(form), form)) if word.endswith("s") else word


def _abbreviations() -> dict[str, frozenset[str]]:
    """Full word, in each of its forms → its abbreviations."""
    found: dict[str, set[str]] = {}
    for abbreviation, meaning in MEANINGS.items():
        for full in meaning.split():
            for form in forms(full):
                found.setdefault(form, set()).add(abbreviation)
    return {full: frozenset(short) for full, short in found.items()}


_SHORT = _abbreviations()
_FULL = sorted(_SHORT)
_SYNONYMS = {
    " ".join(_singular(word) for word in said.split() if word not in _CONNECTING): meant
    for said, meant in SYNONYMS.items()
}
_LONGEST = max(said.count(" ") + 1 for said in _SYNONYMS)
