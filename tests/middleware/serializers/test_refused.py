"""What a serializer cannot keep it refuses, naming key and part, and changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Conflict, Invalid, Json, Memory, MessagePack, Text
from holdall.store import ABSENT, Put
from tests.middleware.serializers.samples import (
    DOCUMENTS,
    FOREIGN,
    INFINITE,
    MOMENTS,
    SAMPLES,
    Words,
)

CASES = [
    (name, value)
    for name, serializer in DOCUMENTS.items()
    for value in [
        *FOREIGN,
        *MOMENTS,
        *(value for kind, value in SAMPLES.items() if kind not in {*serializer.scalars, dict, list}),
    ]
]


def refusal(store, value):
    with pytest.raises(Invalid) as caught:
        store["invoices/7"] = value
    assert "invoices/7" not in store
    assert caught.value.key == "invoices/7"
    assert "'invoices/7'" in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def kind(part: object) -> str:
    return part if isinstance(part, str) else type(part).__name__


@pytest.mark.parametrize(("name", "value"), CASES, ids=kind)
def test_a_foreign_part_is_named_with_its_type(name, value):
    error = refusal(DOCUMENTS[name].make(Memory()), {"number": 1, "lines": ["a", {"amount": value}]})
    (path,) = error.flat()
    assert path == "lines-1.amount"
    assert type(value).__name__ in error.flat()[path]
    assert f"lines-1.amount: {error.flat()[path]}" in str(error)


@pytest.mark.parametrize("value", INFINITE)
def test_json_has_no_nan_and_no_infinity(value):
    assert list(refusal(Json(Memory()), [value]).flat()) == ["-0"]


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("field", [1, None, 1.5, True, b"a", Words("a"), (1,)])
def test_the_name_of_a_field_is_a_str(name, field):
    error = refusal(DOCUMENTS[name].make(Memory()), {"a": {field: 1}})
    assert "the name of a field is a str" in str(error)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_lone_surrogate_is_named_and_can_be_printed(name):
    for value, path in (({"a": ["\ud800"]}, "a-0"), ({"\ud800": 1}, "'\\ud800'")):
        error = refusal(DOCUMENTS[name].make(Memory()), value)
        assert list(error.flat()) == [path]
        str(error).encode()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_holds_itself_is_refused(name):
    itself: list = []
    itself.append({"a": itself})
    assert "holds itself" in str(refusal(DOCUMENTS[name].make(Memory()), itself))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hundred_levels_are_kept_and_more_are_refused(name):
    store = DOCUMENTS[name].make(Memory())
    store["a"] = nested(101)
    assert store["a"] == nested(101)
    assert "more than 100" in str(refusal(store, nested(102)))


def nested(levels):
    value: list = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1])
def test_messagepack_names_the_integer_that_is_too_large(number):
    assert list(refusal(MessagePack(Memory()), {"n": number}).flat()) == ["n"]


@pytest.mark.parametrize("name", ["json", "yaml", "xml"])
def test_an_integer_that_cannot_be_read_back_is_not_written(name):
    assert list(refusal(DOCUMENTS[name].make(Memory()), {"n": 10**5000}).flat()) == ["n"]


@pytest.mark.parametrize("value", [b"a", 1, None, Words("a"), "\ud800"])
def test_text_keeps_str_alone(value):
    refusal(Text(Memory()), value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_way_to_write_refuses(name):
    store = DOCUMENTS[name].make(Memory())
    store["there"] = 1
    for write in (
        lambda: store.set_many([("a", {1})]),
        lambda: store.update({"a": {1}}),
        lambda: store.setdefault("a", {1}),
        lambda: store.swap("a", {1}, ABSENT),
        lambda: store.transact([Put("a", {1})]),
        lambda: store.modify("there", lambda value: {value}),
        lambda: store.modify("a", lambda value: value, {1}),
    ):
        with pytest.raises(Invalid):
            write()
    assert dict(store) == {"there": 1}
    with pytest.raises(Conflict):
        store.swap("there", 2, ABSENT)


@given(
    st.recursive(
        st.sampled_from([1, "a", None]),
        lambda part: st.lists(part) | st.dictionaries(st.text("ab"), part),
    )
)
def test_a_foreign_part_is_found_wherever_it_is(document):
    store = Json(Memory())
    store["a"] = document
    for poisoned in poison(document):
        with pytest.raises(Invalid):
            store["a"] = poisoned
    assert store["a"] == document


def poison(document):
    """The document with one part made foreign, for each of its parts."""
    yield {document} if not isinstance(document, dict | list) else tuple(document)
    for place in (
        document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    ):
        for part in poison(document[place]):
            copy = document.copy()
            copy[place] = part
            yield copy
