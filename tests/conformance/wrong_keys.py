"""Stores with one defect each about keys, reserved ones included, or failures, and the checks that must catch it."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from holdall import Memory
from holdall.errors import Corrupt, PermissionDenied
from holdall.keys import RawKey, check_key, is_reserved
from holdall.store import MISSING, Missing
from tests.conformance.wrong_stores import caught_by


class Folding(Memory):
    """A store below which two keys may be one."""

    def fold(self, key: str) -> str:
        return key

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return super().__getitem__(self.fold(key))

    def _find(self, key: str, /) -> bytes | Missing:
        check_key(key)
        return super()._find(self.fold(key))

    def __contains__(self, key: object, /) -> bool:
        check_key(key)  # type: ignore[arg-type]
        return super().__contains__(self.fold(key))  # type: ignore[arg-type]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        super().__setitem__(self.fold(key), value)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        super().__delitem__(self.fold(key))


@caught_by(
    "test_valid_keys_do_not_collide",
    "test_in",
    "test_a_store_and_a_dict_stay_equal",
)
class FoldsCase(Folding):
    def fold(self, key: str) -> str:
        return key.lower()


@caught_by("test_valid_keys_do_not_collide", "test_a_store_and_a_dict_stay_equal")
class NormalisesUnicode(Folding):
    def fold(self, key: str) -> str:
        return unicodedata.normalize("NFC", key)


@caught_by("test_valid_keys_do_not_collide", "test_get_many_of_many_keys")
class FoldsOneLetter(Folding):
    def fold(self, key: str) -> str:
        return key.replace("É", "é")


@caught_by("test_get_many_of_many_keys")
class FoldsOneRareLetter(Folding):
    def fold(self, key: str) -> str:
        return key.replace("\u0500", "\u0501")


@caught_by("test_valid_keys_do_not_collide")
class DropsTrailingDotsAndSpaces(Folding):
    def fold(self, key: str) -> str:
        return key.rstrip(". ") or key


@caught_by("test_valid_keys_do_not_collide")
class CutsLongKeys(Folding):
    def fold(self, key: str) -> str:
        return key[:255]


@caught_by("test_a_key_that_is_not_a_str_raises_type_error")
class CoercesNumbers(Memory):
    def __getitem__(self, key: Any, /) -> bytes:
        return super().__getitem__(str(key) if isinstance(key, int) else key)


@caught_by("test_a_key_that_is_not_a_str_raises_type_error")
class HasNothingThatIsNoText(Memory):
    def __contains__(self, key: object, /) -> bool:
        return isinstance(key, str) and super().__contains__(key)


@caught_by("test_a_key_outside_the_grammar_raises_invalid_key")
class TakesABadKeyForMissing(Memory):
    def _find(self, key: str, /) -> bytes | Missing:
        try:
            return super()._find(key)
        except ValueError:
            return MISSING


@caught_by("test_a_key_outside_the_grammar_raises_invalid_key")
class AcceptsDots(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        if key.startswith("../"):
            key = RawKey(key.replace("../", "up/"))
        super().__setitem__(key, value)


@caught_by(
    "test_an_invalid_key_among_valid_keys_is_refused", "test_a_key_outside_the_grammar_raises_invalid_key"
)
class SkipsBadKeysOfMany(Memory):
    def delete_many(self, keys: Iterable[str], /) -> None:
        super().delete_many(key for key in keys if ".." not in key)


@caught_by("test_reserved_keys_are_not_shown", "test_a_store_and_a_dict_stay_equal")
class ShowsReservedKeys(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return super().scan(RawKey(prefix), start=start, stop=stop)


@caught_by("test_clear_leaves_reserved_keys", "test_a_store_and_a_dict_stay_equal")
class ClearsReservedKeys(Memory):
    def clear(self) -> None:
        self._table.cells.clear()


@caught_by("test_clear_leaves_reserved_keys")
class ClearsManyByDroppingAll(Memory):
    def clear(self) -> None:
        if len(self) > 1000:
            self._table.cells.clear()
        super().clear()


@caught_by("test_calls_with_reserved_keys_are_refused", "test_a_key_outside_the_grammar_raises_invalid_key")
class LetsUsersReadReservedKeys(Memory):
    def __getitem__(self, key: str, /) -> bytes:
        return super().__getitem__(RawKey(key) if isinstance(key, str) and is_reserved(key) else key)


class Forbidden(Memory):
    """A store that may not be used. It is right: its wrong sister is below."""

    def __getitem__(self, key: str, /) -> bytes:
        raise PermissionDenied("the store refuses; ask its owner for access")

    def _find(self, key: str, /) -> bytes | Missing:
        return self[key]

    def __contains__(self, key: object, /) -> bool:
        raise Corrupt("the index is damaged; rebuild it")

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self[key]

    def __delitem__(self, key: str, /) -> None:
        self[key]

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        raise PermissionDenied("the store refuses; ask its owner for access")


class TakesRefusalForMissing(Forbidden):
    """Reads a refusal of access as a missing key."""

    def __getitem__(self, key: str, /) -> bytes:
        raise KeyError(key)


class TakesRefusalForEmpty(Forbidden):
    """Reads a refusal of access as an empty store."""

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return iter(())
