"""How a query is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.abbreviations import MEANINGS
from services.catalog.search import CORRECTIONS, Word, corrections, distance, forms, read_query
from services.catalog.synonyms import SYNONYMS

WORDS = st.text(alphabet="abcde", max_size=7)


def matching(*words: Word) -> str:
    """What a kind must match at best."""
    terms = read_query(words)
    assert terms is not None
    return terms.readings[0]


def rest(*words: Word) -> str | None:
    terms = read_query(words)
    assert terms is not None
    return terms.rest


def word(text: str, *, known: bool = True, of_kind: bool = True) -> Word:
    return Word(text, known=known, of_kind=of_kind)


def test_a_word_is_also_the_beginning_of_a_word_and_its_other_number() -> None:
    assert matching(word("bagel")) == "(('bagel':* | 'bagel' | 'bageles' | 'bagels'))"


def test_every_word_must_be_found() -> None:
    assert matching(word("bagel"), word("egg")).count(" & ") == 1


def test_where_nothing_has_all_words_the_last_ones_count() -> None:
    terms = read_query([word("whole"), word("milk"), word("chocolate")])
    assert terms is not None
    assert [reading.count(" & ") for reading in terms.readings] == [2, 1, 0]
    assert "'chocolate'" in terms.readings[-1]


def test_a_word_that_nobody_has_is_the_first_to_be_left_out() -> None:
    terms = read_query([word("chicken"), word("xyzzy", known=False, of_kind=False)])
    assert terms is not None
    assert [reading.count(" & ") for reading in terms.readings] == [1, 0]
    assert "'chicken'" in terms.readings[-1]


def test_sizes_and_makers_are_looked_for_on_the_product_and_what_it_is_among_kinds() -> None:
    terms = read_query([word("coffee"), word("12", of_kind=False), word("oz"), word("national", of_kind=False)])
    assert terms is not None
    assert "coffee" in terms.readings[0]
    assert "12" not in terms.readings[0]
    assert terms.rest is not None
    assert "('12' <-> (" in terms.rest
    assert "'national'" in terms.rest
    assert "'ounce'" in terms.rest


def test_what_is_no_kind_at_all_is_looked_for_on_products_alone() -> None:
    terms = read_query([word("1043166", of_kind=False)])
    assert terms is not None
    assert terms.readings == ()
    assert terms.rest == "(('1043166':* | '1043166'))"


def test_single_letters_and_short_numbers_are_whole_words_but_a_long_number_may_begin_a_sku() -> None:
    assert rest(word("16", of_kind=False)) == "(('16'))"
    assert matching(word("c")) == "(('c'))"
    assert "'10431':*" in (rest(word("10431", of_kind=False)) or "")


def test_an_abbreviation_and_what_it_stands_for_find_each_other() -> None:
    assert "'frzn'" in matching(word("frozen"))
    assert "'frozen'" in matching(word("frzn"))
    assert "'frz'" in matching(word("frzn"))
    assert "'frzn'" in matching(word("froz"))
    assert "'dnrs'" in matching(word("dinner"))


def test_what_suppliers_call_otherwise_is_found_as_they_call_it() -> None:
    assert "'tissue'" in matching(word("toilet"), word("paper"))
    assert "'tissue'" in matching(word("toilet"), Word("pap", known=False, begun=("paper",)))
    assert "'tissue'" not in matching(word("paper"), word("toilet"))
    assert "'drinks'" in matching(word("sodas"))


def test_connecting_words_are_passed_over_unless_they_are_all_there_is() -> None:
    salt, along, pepper = word("salt"), word("and"), word("pepper")
    assert matching(salt, along, pepper) == matching(salt, pepper)
    assert "'and'" in matching(along)


def test_nothing_to_find_is_nothing() -> None:
    assert read_query([]) is None


def test_only_a_word_that_nobody_has_is_corrected() -> None:
    assert "'chicken'" in matching(Word("chiken", known=False, similar=("chicken", "children")))
    assert "'chicken'" not in matching(Word("chiken", known=True, similar=("chicken",)))


def test_a_word_that_is_not_typed_to_its_end_is_as_evident_as_the_whole() -> None:
    terms = read_query([Word("yog", known=False, begun=("yogurt",))])
    assert terms is not None
    assert "yogurt" in terms.evident


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


def test_synonyms_are_words_as_the_database_splits_them_and_lead_elsewhere() -> None:
    for said, meant in SYNONYMS.items():
        for text in (said, *meant):
            assert all(part.isalnum() and part == part.lower() for part in text.split()), text
        assert said not in meant
