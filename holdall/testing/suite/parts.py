"""Tests of `read`: a part of a value is the part of what a reader of the whole value gets."""

from typing import Any, Final, TypeVar

from holdall.errors import Invalid
from holdall.store import Feature, Store
from holdall.testing.suite.case import StoreCase, expect_error, needs

V = TypeVar("V")

_PARTS: Final = (
    *(
        (0, None),
        (0, 7),
        (3, 4),
        (255, None),
        (255, 9),
        (250, 6),
        (256, None),
        (256, 1),
        (300, 5),
        (10**20, 1),
    ),
    *(
        (-1, None),
        (-256, 2),
        (-300, 3),
        (-4, 2),
        (-4, 9),
        (-(10**20), 1),
        (5, 0),
        (0, 0),
        (999, 0),
        (1, 10**20),
    ),
)


class PartTests(StoreCase[V]):
    """Tests of the feature RANGES. The values of a store that has it are bytes."""

    @needs(Feature.RANGES)
    def test_a_part_is_a_slice_of_the_value(self, store: Store[Any]) -> None:
        value = store["a/b"] = bytes(range(256))
        for start, length in _PARTS:
            assert (start, length, store.read("a/b", start, length)) == (
                start,
                length,
                value[start:][:length],
            )
        assert store.read("a/b") == value

    @needs(Feature.RANGES)
    def test_a_part_of_an_empty_value_is_empty(self, store: Store[Any]) -> None:
        store["a"] = b""
        for start, length in ((0, None), (0, 1), (5, None), (-5, 1), (0, 0)):
            assert store.read("a", start, length) == b""

    @needs(Feature.RANGES)
    def test_a_part_of_a_large_value(self, store: Store[Any]) -> None:
        value = store["a"] = self.values.large
        middle = len(value) // 2
        assert store.read("a", middle, 300_000) == value[middle : middle + 300_000]
        assert store.read("a", -9) == value[-9:]

    @needs(Feature.RANGES)
    def test_a_part_of_a_missing_key_raises_key_error(self, store: Store[Any]) -> None:
        store["a/b"] = b"value"
        for key in ("a", "a/b/c", "x"):
            for start, length in ((0, None), (9, 1), (-1, 1), (0, 0)):
                assert expect_error(KeyError, store.read, key, start, length).args == (key,)

    @needs(Feature.RANGES)
    def test_a_wrong_part_is_refused(self, store: Store[Any]) -> None:
        store["a"] = b"value"
        expect_error(Invalid, store.read, "a", 0, -1)
        expect_error(TypeError, store.read, "a", 0.5)
        expect_error(TypeError, store.read, "a", 0, "1")
