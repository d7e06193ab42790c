"""How a query is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.abbreviations import MEANINGS
from services.catalog.search import CORRECTIONS, Word, corrections, distance, forms, read_query

WORDS = st.text(alphabet="abcde", max_size=7)


def matching(*words: Word) -> str:
    terms = read_query(words)
    assert terms is not None
    return terms.matching


def test_a_word_is_also_the_beginning_of_a_word_and_its_other_number() -> None:
    assert matching(Word("bagel", known=True)) == "('bagel':* | 'bagel' | 'bageles' | 'bagels')"


def test_every_word_must_be_found() -> None:
    assert matching(Word("bagel", known=True), Word("egg", known=True)).count(" & ") == 1


def test_sizes_and_single_letters_are_whole_words_but_a_long_number_may_begin_a_sku() -> None:
    assert matching(Word("16", known=True)) == "('16')"
    assert matching(Word("c", known=True)) == "('c')"
    assert "'10431':*" in matching(Word("10431", known=True))


def test_an_abbreviation_and_what_it_stands_for_find_each_other() -> None:
    assert "'frzn'" in matching(Word("frozen", known=True))
    assert "'frozen'" in matching(Word("frzn", known=True))
    assert "'frz'" in matching(Word("frzn", known=True))
    assert "'frzn'" in matching(Word("froz", known=True))
    assert "'dnrs'" in matching(Word("dinner", known=True))


def test_one_word_that_stands_for_two_does_not_find_either_alone() -> None:
    assert "orange" not in matching(Word("oj", known=True))
    assert "'oj'" in matching(Word("orange", known=True))


def test_connecting_words_are_passed_over_unless_they_are_all_there_is() -> None:
    salt, along, pepper = Word("salt", known=True), Word("and", known=True), Word("pepper", known=True)
    assert matching(salt, along, pepper) == matching(salt, pepper)
    assert "'and'" in matching(along)


def test_nothing_to_find_is_nothing() -> None:
    assert read_query([]) is None


def test_only_a_word_that_nobody_has_is_corrected() -> None:
    assert "'chicken'" in matching(Word("chiken", known=False, similar=("chicken", "children")))
    assert "'chicken'" not in matching(Word("chiken", known=True, similar=("chicken",)))


def test_the_nearest_words_are_meant_and_short_words_allow_one_letter() -> None:
    assert corrections(Word("mlik", known=False, similar=("malt", "milk", "mix"))) == ["milk"]
    assert corrections(Word("mmik", known=False, similar=("ham",))) == []
    assert corrections(Word("choclatte", known=False, similar=("chocolate",))) == ["chocolate"]
    assert len(corrections(Word("bat", known=False, similar=("bar", "bag", "ban", "bad")))) == CORRECTIONS


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("milk", "mlik", 1),
        ("chiken", "chicken", 1),
        ("ca", "abc", 3),
        ("butter", "buter", 1),
    ],
)
def test_distances_are_those_of_the_literature(one: str, other: str, away: int) -> None:
    assert distance(one, other) == away


@given(WORDS, WORDS)
def test_distance_is_symmetric_zero_for_the_same_and_bounded(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


@given(WORDS, st.integers(0, 6), st.sampled_from("abcde"))
def test_one_letter_more_is_one_away(word: str, place: int, letter: str) -> None:
    assert distance(word, word[:place] + letter + word[place:]) == 1


@pytest.mark.parametrize(
    ("singular", "plural"), [("berry", "berries"), ("tomato", "tomatoes"), ("egg", "eggs"), ("cookie", "cookies")]
)
def test_singular_and_plural_reach_each_other(singular: str, plural: str) -> None:
    assert plural in forms(singular)
    assert singular in forms(plural)


def test_abbreviations_are_single_words_as_the_database_splits_them() -> None:
    for short, meaning in MEANINGS.items():
        assert short.isalpha(), short
        assert short.islower(), short
        assert all(word.isalpha() and word.islower() for word in meaning.split()), meaning
        assert short != meaning
