"""What a serializer declares it keeps exactly: value, type, sign, exponent and order."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, Memory, MessagePack, Pickle, Text
from holdall.middleware.documents.base import Documents
from tests.middleware.serializers.samples import DOCUMENTS, SAMPLES, TEXT, rich


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_read_as_it_was_written(name):
    serializer = DOCUMENTS[name]
    store = serializer.make(Memory())

    @given(serializer.documents)
    def check(document):
        store["a"] = document
        # A repr shows types, NaN, the sign of a zero, the exponent of a Decimal, offsets and order.
        assert repr(store["a"]) == repr(document)

    check()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_read_can_be_written_again_and_is_the_same_bytes(name):
    serializer = DOCUMENTS[name]
    below = Memory()
    store = serializer.make(below)
    store["a"] = rich(serializer)
    store["b"] = store["a"]
    assert below["a"] == below["b"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_declared_types_are_those_that_are_kept(name):
    serializer = DOCUMENTS[name]
    layer: Documents = serializer.make(Memory())
    assert layer.plain.types == serializer.scalars | {dict, list}
    for kind in layer.plain.types:
        layer["a"] = SAMPLES[kind]
        assert type(layer["a"]) is kind


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_part_that_is_there_twice_is_kept_twice(name):
    store = DOCUMENTS[name].make(Memory())
    part = {"a": [1]}
    store["a"] = [part, part]
    first, second = store["a"]
    assert first == second == part
    assert first is not second


@given(TEXT)
def test_text_is_read_as_it_was_written(text):
    below = Memory()
    Text(below)["a"] = text
    assert Text(below)["a"] == text
    assert below["a"] == text.encode("utf-8")


hashable = st.recursive(
    st.decimals(allow_nan=False) | st.fractions() | st.complex_numbers(allow_nan=False),
    lambda part: st.tuples(part, part) | st.frozensets(part, max_size=3),
    max_leaves=8,
)
objects = hashable | st.dictionaries(hashable, st.sets(hashable, max_size=3), max_size=3)


@given(objects)
def test_a_pickled_object_is_read_as_it_was_written(value):
    store = Pickle(Memory(), trust=True)
    store["a"] = value
    assert store["a"] == value
    assert type(store["a"]) is type(value)


def test_a_pickle_keeps_objects_of_classes():
    store = Pickle(Memory(), trust=True)
    store["a"] = {1: (Fraction(1, 3), {2})}
    assert store["a"] == {1: (Fraction(1, 3), {2})}


def test_integers_have_the_range_that_is_declared():
    store = MessagePack(Memory())
    store["a"] = [-(2**63), 2**64 - 1]
    assert store["a"] == [-(2**63), 2**64 - 1]
    other = Json(Memory())
    other["a"] = 10**400
    assert other["a"] == 10**400
