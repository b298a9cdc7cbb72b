"""Stores with one defect each in tags, compare-and-swap or transactions, and the checks that must catch it."""

from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Any

from holdall import Memory
from holdall.adapters.memory import _Table
from holdall.keys import check_key
from holdall.store import (
    ABSENT,
    MISSING,
    Delete,
    Expect,
    Feature,
    Missing,
    Operation,
    Put,
    Tag,
    Tagged,
    conflict,
    to_bytes,
)
from tests.conformance.wrong_stores import caught_by


@caught_by(
    "test_one_of_two_swaps_wins",
    "test_one_of_two_creations_wins",
    "test_two_modify_calls_both_count",
)
class ChecksThenWrites(Memory):
    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        if self._table.tag(key) != expected:
            raise conflict(key)
        self[key] = value
        return self._table.tag(key)


@caught_by("test_a_remove_loses_to_a_write_or_comes_before_it")
class ChecksThenRemoves(Memory):
    def remove(self, key: str, /, expected: Tag) -> None:
        if expected == ABSENT or self._table.tag(key) != expected:
            raise conflict(key)
        del self[key]


@caught_by("test_a_swap_in_the_middle_of_a_write")
class WritesWithoutTheLock(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        value = to_bytes(value)
        self._table.put(key, value)


class _HashTable(_Table):
    def tag(self, key: str) -> Tag:
        cell = self.cells.get(key)
        return Tag(f"#{cell[0].hex()}") if cell else ABSENT


@caught_by("test_a_unique_tag_never_returns", "test_a_store_and_a_dict_stay_equal")
class RepeatsTags(Memory):
    def __init__(self) -> None:
        super().__init__()
        self._table = _HashTable()

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        return Tagged(self[key], self._table.tag(key))


@caught_by("test_another_value_has_another_tag", "test_scan_tags_shows_the_changed_keys")
class KeepsTheTagOfAKey(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        cell = self._table.cells.get(key) if isinstance(key, str) else None
        super().__setitem__(key, value)
        if cell:
            self._table.cells[key] = self._table.cells[key][0], cell[1]


@caught_by("test_a_unique_tag_never_returns")
class CountsTicksByKey(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        before = self._table.cells.get(key, (b"", 0))[1] if isinstance(key, str) else 0
        super().__setitem__(key, value)
        self._table.cells[key] = self._table.cells[key][0], before + 1


class KeepsTagsOfEqualBytes(Memory):
    """A store below which a write of what is there changes no tag. It declares UNIQUE_TAGS all the same."""

    def quiet(self, key: str, value: bytes) -> bool:
        cell = self._table.cells.get(key)
        return cell is not None and cell[0] == value


@caught_by("test_a_unique_tag_never_returns")
class SwapsEqualBytesWithoutANewTag(KeepsTagsOfEqualBytes):
    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        if self.quiet(key, value) and self._table.tag(key) == expected:
            return expected
        return super().swap(key, value, expected)


@caught_by("test_a_unique_tag_never_returns")
class TransactsEqualBytesWithoutANewTag(KeepsTagsOfEqualBytes):
    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        super().transact(
            change
            for change in changes
            if not (isinstance(change, Put) and self.quiet(change.key, change.value))
        )


@caught_by("test_a_value_and_its_tag_belong_together")
class ReadsTheTagLater(Memory):
    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        value = self[key]
        return Tagged(value, self._table.tag(key))


@caught_by("test_scan_tags_equals_get_tagged")
class TellsTagsBeyondStop(Memory):
    def scan_tags(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Any:
        return super().scan_tags(prefix, start=start, stop=stop if prefix else None)


@caught_by("test_scan_tags_equals_get_tagged")
class ShowsOtherTagsInScans(Memory):
    def scan_tags(self, prefix: str = "", **bounds: Any) -> Any:
        return ((key, Tag(f"v{tag}")) for key, tag in super().scan_tags(prefix, **bounds))


@caught_by("test_tag_equals_the_tag_of_get_tagged")
class TellsTheTagBefore(Memory):
    def tag(self, key: str, /) -> Tag:
        cell = self._table.cells.get(key)
        return Tag(str(cell[1] - 1)) if cell else ABSENT


@caught_by("test_swap_creates_only_a_missing_key", "test_one_of_two_creations_wins")
class CreatesOverWhatIsThere(Memory):
    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        return super().swap(key, value, self._table.tag(key) if expected == ABSENT else expected)


@caught_by("test_swap_of_a_deleted_key_conflicts")
class RevivesWhatWasDeleted(Memory):
    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        return super().swap(key, value, expected if key in self else ABSENT)


@caught_by("test_a_tag_that_was_never_issued_conflicts")
class TakesAStarForAnyTag(Memory):
    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        return super().swap(key, value, self._table.tag(key) if expected == "*" else expected)


@caught_by("test_remove_of_a_missing_key_conflicts", "test_remove_deletes_only_what_it_expects")
class RemovesQuietly(Memory):
    def remove(self, key: str, /, expected: Tag) -> None:
        if key in self and expected != ABSENT:
            super().remove(key, expected)


@caught_by("test_two_modify_calls_both_count", "test_modify_runs_again_on_the_value_of_another_writer")
class ModifiesWithoutLooking(Memory):
    def modify(
        self, key: str, function: Callable[[bytes], bytes], /, default: bytes | Missing = MISSING
    ) -> bytes:
        value = self[key] if default is MISSING else self.get(key, default)
        self[key] = changed = function(value)
        return changed


@caught_by(
    "test_modify_refuses_a_function_that_changes_its_argument_and_returns_nothing",
    "test_modify_stores_none_if_it_is_a_value",
)
class TakesNoResultForEmpty(Memory):
    def modify(
        self, key: str, function: Callable[[bytes], bytes], /, default: bytes | Missing = MISSING
    ) -> bytes:
        return super().modify(key, lambda value: function(value) or b"", default)


@caught_by("test_a_pop_returns_what_it_deleted")
class PopsInTwoSteps(Memory):
    def _take(self, key: str, /) -> bytes | Missing:
        value = self._find(key)
        self.discard(key)
        return value


@caught_by("test_a_key_deleted_in_the_meantime_is_missing_and_not_a_conflict")
class PopsOnce(Memory):
    """Takes a Conflict at its first attempt for the answer."""

    def _take(self, key: str, /) -> bytes | Missing:
        if key not in self:
            return MISSING
        value, tag = self.get_tagged(key)
        self.remove(key, tag)
        return value


@caught_by("test_two_popitem_calls_take_two_items")
class PopsOnlyTheFirstItSaw(Memory):
    def popitem(self) -> tuple[str, bytes]:
        for key in self.scan():
            return key, self.pop(key)
        raise KeyError("popitem(): the store is empty")


@caught_by("test_setdefault_overwrites_nothing")
class SetsDefaultsInTwoSteps(Memory):
    def _setdefault(self, key: str, default: bytes, /) -> bytes:
        if key not in self:
            self[key] = default
        return self[key]


@caught_by("test_one_failed_expectation_undoes_all", "test_a_value_that_cannot_be_written_undoes_all")
class TransactsAsFarAsItGets(Memory):
    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        for change in changes:
            if isinstance(change, Put):
                self[change.key] = change.value
            elif isinstance(change, Delete):
                self.discard(change.key)
            elif self._table.tag(change.key) != change.tag:
                raise conflict(change.key)


@caught_by("test_a_value_that_cannot_be_written_undoes_all")
class ChecksValuesTooLate(Memory):
    """Writes the changes before the first value that is not bytes."""

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        changes = list(changes)
        for change in changes:
            check_key(change.key)
        good = list(takewhile(lambda change: isinstance(getattr(change, "value", b""), bytes), changes))
        super().transact(good)
        if good != changes:
            raise TypeError("values are bytes")


@caught_by("test_expectations_are_about_the_state_before")
class ExpectsInOrder(Memory):
    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        written = set()
        for change in (changes := list(changes)):
            if isinstance(change, Expect) and change.key in written:
                raise conflict(change.key)
            written.add(change.key)
        super().transact(changes)


@caught_by("test_a_transaction_creates_only_missing_keys")
class OverwritesByTransaction(Memory):
    """Takes an Expect of a key that the transaction also puts for settled by the Put."""

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        changes = list(changes)
        put = {change.key for change in changes if isinstance(change, Put)}
        settled = put - {change.key for change in changes if isinstance(change, Delete)}
        super().transact(
            change for change in changes if not (isinstance(change, Expect) and change.key in settled)
        )


@caught_by("test_one_of_two_creating_transactions_wins")
class LooksThenCreatesByTransaction(Memory):
    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        changes = list(changes)
        super().transact(change for change in changes if isinstance(change, Expect))
        present = [change for change in changes if not (isinstance(change, Expect) and change.tag == ABSENT)]
        super().transact(present)


@caught_by("test_changes_apply_in_order")
class DeletesLast(Memory):
    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        super().transact(sorted(changes, key=lambda change: isinstance(change, Delete)))


@caught_by("test_a_transaction_is_all_or_nothing_to_others")
class ExpectsThenTransacts(Memory):
    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        changes = list(changes)
        super().transact(change for change in changes if isinstance(change, Expect))
        super().transact(change for change in changes if not isinstance(change, Expect))


@caught_by("test_swap_creates_only_a_missing_key", "test_one_of_two_creations_wins", "test_modify")
class RacesInsteadOfRefusing(Memory):
    """Says that it cannot swap, and does."""

    @property
    def features(self) -> Feature:
        return super().features & ~Feature.SWAP
