"""Damaged bytes are Corrupt, naming the key, or a value of the declared types; and nothing else happens.

Each serializer meets 500 of them in `make test` and 10,000 in `make soak`.
"""

import msgspec
import pytest

from holdall import Corrupt, Json, Memory, MessagePack, Pickle, Text, Xml, Yaml
from holdall.middleware.documents.plain import Plain
from tests.middleware.mutations import mutations
from tests.middleware.serializers.guards import bounded, nothing_runs
from tests.middleware.serializers.samples import DOCUMENTS, RICH, rich
from tests.middleware.serializers.syntax import SYNTAX
from tests.middleware.serializers.test_typed import INVOICE, Invoice
from tests.soak import SOAK

COUNT = 10_000 if SOAK else 500
CORRUPT = object()


def damaged(make, *values):
    """What is read for each of `COUNT` damaged copies of what is stored for ``values``."""
    below = Memory()
    store = make(below)
    store.update({str(place): value for place, value in enumerate(values)})
    with bounded():
        for data in mutations(list(below.values()), COUNT, lambda drawn: drawn.choice(SYNTAX)):
            below["a"] = data
            yield data, read(store)


def read(store):
    try:
        with nothing_runs():
            return store["a"]
    except Corrupt as error:
        check(error)
        return CORRUPT


def check(error):
    assert error.key == "a"
    assert "\n" not in str(error)
    assert len(str(error)) < 1000
    assert not isinstance(error.__cause__, MemoryError)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_damaged_document_is_corrupt_or_of_types_that_are_kept(name):
    serializer = DOCUMENTS[name]
    kept, found = Plain(set(serializer.scalars), {}), 0
    for _, value in damaged(serializer.make, rich(serializer), RICH, [[]], "a"):
        assert value is CORRUPT or kept.keeps(value, depth=5000)
        found += value is not CORRUPT
    assert COUNT // 100 < found < COUNT


@pytest.mark.parametrize("serializer", [Json, MessagePack, Yaml, Xml])
def test_a_damaged_document_of_a_declared_type_is_corrupt_or_of_that_type(serializer):
    found = 0
    for _, value in damaged(lambda store: serializer(store, type=Invoice), INVOICE):
        if value is not CORRUPT:
            found += 1
            assert type(value) is Invoice
            assert msgspec.convert(msgspec.to_builtins(value), Invoice) is not None
    assert 0 < found < COUNT


def test_damaged_text_is_corrupt_or_the_text_that_it_spells():
    for data, value in damaged(Text, "grüezi \u2028 \U0001f600", ""):
        assert value is CORRUPT or (type(value) is str and value.encode() == data)


def test_damaged_pickles_are_never_loaded():
    for _, value in damaged(lambda store: Pickle(store, trust=True), RICH, [1, (2, b"3")]):
        assert value is CORRUPT or value in (RICH, [1, (2, b"3")])  # a change may change nothing
