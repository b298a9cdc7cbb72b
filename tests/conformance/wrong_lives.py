"""Stores with one defect each in threads, processes or handles, and the checks that must catch it."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from holdall import Memory, SQLite
from holdall.keys import check_key
from holdall.store import Store, to_bytes
from tests.conformance.one_file import OneFile
from tests.conformance.wrong_stores import caught_by


@caught_by(
    "test_writes_do_not_wait_for_close",
    "test_processes_see_each_other",
    "test_a_finished_write_survives_a_kill",
)
class WritesWhenClosed(OneFile):
    def load(self) -> dict[str, bytes]:
        if not hasattr(self, "_held"):
            self._held = super().load()
        return self._held

    def save(self, held: dict[str, bytes]) -> None:
        self._held = held

    def close(self) -> None:
        super().save(self.load())


@caught_by("test_a_pickle_reopens_the_store", "test_processes_see_each_other")
class RemembersWhatItRead(OneFile):
    def load(self) -> dict[str, bytes]:
        self._held = getattr(self, "_held", None) or super().load()
        return self._held

    def save(self, held: dict[str, bytes]) -> None:
        super().save(held)
        self._held = held


@caught_by("test_a_pickle_reopens_the_store", "test_a_used_store_pickles_as_a_new_one")
class PicklesItsHandle(OneFile):
    def __init__(self, path: Path, password: str = "") -> None:
        super().__init__(path, password)
        self._handle = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return object.__new__, (type(self),), vars(self)


@caught_by("test_a_used_store_pickles_as_a_new_one")
class PicklesWhatItLearned(OneFile):
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._path, str(len(self.load())))


@caught_by("test_secrets_are_hidden")
class ShowsItsPassword(OneFile):
    def __repr__(self) -> str:
        return f"ShowsItsPassword({self._made_with!r})"


@caught_by("test_repr_rebuilds_the_store")
class HidesHowItWasMade(Memory):
    def __repr__(self) -> str:
        return "<a store>"


@caught_by("test_a_pickle_reopens_the_store", "test_writes_do_not_wait_for_close")
class PicklesWithoutItsData(Memory):
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


@caught_by("test_a_closed_store_leaves_nothing_open")
class LeavesAFileOpen(OneFile):
    def close(self) -> None:
        os.open(self._path.parent, os.O_RDONLY)


@caught_by("test_a_closed_store_leaves_nothing_open")
class LeavesAThreadRunning(Memory):
    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        threading.Thread(target=self._stop.wait, args=(20,), daemon=True).start()


@caught_by("test_close_may_be_called_twice")
class ClosesOnce(Memory):
    def close(self) -> None:
        del self._table


@caught_by("test_a_closed_store_leaves_nothing_open", "test_threads_write_side_by_side")
class BelongsToOneThread(Memory):
    def __init__(self) -> None:
        super().__init__()
        self._owner = threading.get_ident()

    def __setitem__(self, key: str, value: bytes, /) -> None:
        assert threading.get_ident() == self._owner, "made in another thread"
        super().__setitem__(key, value)

    def __getitem__(self, key: str, /) -> bytes:
        assert threading.get_ident() == self._owner, "made in another thread"
        return super().__getitem__(key)


@caught_by("test_a_store_works_on_both_sides_of_a_fork")
class BelongsToOneProcess(Memory):
    def __init__(self) -> None:
        super().__init__()
        self._owner = os.getpid()

    def __setitem__(self, key: str, value: bytes, /) -> None:
        assert os.getpid() == self._owner, "made in another process"
        super().__setitem__(key, value)


@caught_by("test_many_are_written_while_another_writes", "test_many_are_written_while_another_clears")
class WritesManyWithoutALock(OneFile):
    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        held = self.load()
        for key, value in items:
            check_key(key)
            held[str.__str__(key)] = to_bytes(value)
        self.save(held)


@caught_by("test_many_are_deleted_while_another_writes_and_deletes")
class DeletesManyWithoutALock(OneFile):
    def delete_many(self, keys: Iterable[str], /) -> None:
        held = self.load()
        for key in keys:
            held.pop(key, None)
        self.save(held)


@caught_by("test_many_are_deleted_while_another_writes_and_deletes", "test_a_delete_in_the_middle_of_a_clear")
class LooksThenDeletes(Memory):
    delete_prefix = Store.delete_prefix

    def delete_many(self, keys: Iterable[str], /) -> None:
        for key in keys:
            if key in self:
                del self[key]


@caught_by("test_a_value_is_written_whole")
class WritesInTwoSteps(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        if isinstance(value, bytes) and len(value) > 4096:
            super().__setitem__(key, value[:4096])
        super().__setitem__(key, value)


@caught_by("test_new_stores_share_no_data")
class SharesItsData(Memory):
    def __init__(self) -> None:
        super().__init__("shared")


def opened(kind: type[Store[Any]], folder: Path) -> Store[Any]:
    """A new store of a wrong kind."""
    if issubclass(kind, OneFile):
        return kind(folder / os.urandom(8).hex(), password="hunter2")
    if issubclass(kind, SQLite):
        return kind(folder / os.urandom(8).hex())
    return kind()
