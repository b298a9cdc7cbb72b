"""Tests the features of a store by using them on reserved keys, which are deleted afterwards."""

import secrets
import statistics
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from holdall.adapters._sources import Source
from holdall.cli.foreign import Names
from holdall.errors import Conflict, HoldallError, PermissionDenied, Unsupported
from holdall.layer import layers
from holdall.replication.replicas import replicas_of
from holdall.store import ABSENT, Feature, Store

ROUNDS = 5  # number of races, and of timed reads

_SWAPPED = [f"swap-{turn}" for turn in range(ROUNDS)]
_REMOVED = [f"remove-{turn}" for turn in range(ROUNDS)]
_KEYS = ["value", *_SWAPPED, *_REMOVED]


@dataclass(frozen=True)
class Result:
    """The result of one check: an outcome and a detail.

    The outcome is "yes", "no" if the store does not offer the feature, or "failed". It is empty for
    information that the store gives about itself.
    """

    check: str
    outcome: str
    detail: str


class Checks:
    """Checks of ``store``. Each check runs when the iteration reaches it.

    The checks write under ``.holdall/doctor/``, which no scan shows. The keys are deleted when the iteration
    ends, and also when it is closed early: use `contextlib.closing` in a ``with`` statement.
    """

    def __init__(self, store: Store[bytes]) -> None:
        self._store = store
        self._scratch = store.raw(f".holdall/doctor/{secrets.token_hex(8)}/")
        self._value = secrets.token_bytes(32)
        self._wrote = False

    def run(self) -> Generator[Result, None, None]:
        """Yield the outcome of each check, except checks that need a write or a listing that failed."""
        try:
            listed = self._run("list", self._list)
            yield listed
            written = self._run("write", self._write)
            yield written
            if written.outcome == "yes":
                yield from self._check_written()
            if listed.outcome == "yes":
                yield self._foreign()
                yield from self._info()
        finally:
            if self._wrote:
                self._scratch.delete_many(_KEYS)

    def _check_written(self) -> Iterator[Result]:
        yield self._run("read", self._read)
        yield self._run("compare-and-swap", self._swap)
        yield self._run("compare-and-delete", self._remove)
        yield self._run("delete", self._delete)

    def _foreign(self) -> Result:
        try:
            names = Names(self._store.foreign_names())
        except HoldallError as failure:
            return Result("foreign names", "failed", str(failure))
        told = f"{names}; scans leave them out, and so does `holdall cp`; {names.remedy()}"
        return Result("foreign names", "", told if names.count else "none")

    def _info(self) -> Iterator[Result]:
        try:
            told = self._store.info()
        except HoldallError as failure:
            yield Result("info", "failed", str(failure))
            return
        layer = replicas_of(self._store)
        for number, lag in enumerate(() if layer is None else layer.lag(), 1):
            name = f"replica {number}"
            yield Result(name, "failed" if lag.error else "yes", told.pop(name, str(lag)))
        yield from (Result(name, "", text) for name, text in told.items())

    def _run(self, check: str, run: Callable[[], str]) -> Result:
        try:
            return Result(check, "yes", run())
        except Unsupported as refusal:
            return Result(check, "no", str(refusal))
        except HoldallError as failure:
            return Result(check, "failed", str(failure))

    # ---- The checks ------------------------------------------------------------------------------

    def _list(self) -> str:
        first = next(self._store.scan(), None)
        return "the store is empty" if first is None else f"the first key is {first!r}"

    def _write(self) -> str:
        try:
            taken = _milliseconds(lambda: self._scratch.update(value=self._value))
        except PermissionDenied as refusal:
            if any(isinstance(each, Source) for each in layers(self._store)):
                raise Unsupported("the store is read-only, as all data of other libraries is") from refusal
            raise
        self._wrote = True
        return f"{taken:.1f} ms"

    def _read(self) -> str:
        try:
            back = self._scratch["value"]
        except KeyError:
            raise HoldallError("the value that was written is missing; do not use this store") from None
        if back != self._value:
            raise HoldallError(
                "the value that was read is not the value that was written; do not use this store"
            )
        times = [_milliseconds(lambda: self._scratch["value"]) for _ in range(ROUNDS)]
        return f"{statistics.median(times):.1f} ms, the median of {ROUNDS}"

    def _delete(self) -> str:
        taken = _milliseconds(lambda: self._scratch.discard("value"))
        if "value" in self._scratch:
            raise HoldallError("the key is still there after it was deleted; do not use this store")
        return f"{taken:.1f} ms"

    def _swap(self) -> str:
        self._require(Feature.SWAP, lambda: self._scratch.swap("value", self._value, ABSENT))
        for key in _SWAPPED:
            self._race(partial(self._scratch.swap, key, self._value, ABSENT))
        return f"one of two concurrent writers won, in each of {ROUNDS} races"

    def _remove(self) -> str:
        self._require(Feature.REMOVE, lambda: self._scratch.remove("value", ABSENT))
        for key in _REMOVED:
            tag = self._scratch.swap(key, self._value, ABSENT)
            self._race(partial(self._scratch.remove, key, tag))
        return f"one of two concurrent deletes won, in each of {ROUNDS} races"

    def _require(self, feature: Feature, attempt: Callable[[], object]) -> None:
        """If the store lacks ``feature``, call ``attempt``, so that the error of the store tells why.

        Raises Unsupported if ``attempt`` raises nothing.
        """
        if feature not in self._store.features:
            attempt()
            raise Unsupported("the store does not offer it")

    def _race(self, attempt: Callable[[], object]) -> None:
        start = threading.Barrier(2)

        def run(_: int) -> bool:
            start.wait()
            try:
                attempt()
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            wins = sum(pool.map(run, range(2)))
        if wins != 1:
            raise HoldallError(
                f"{wins} of two concurrent writers won; use this store with only one writer at a time"
            )


def _milliseconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000
