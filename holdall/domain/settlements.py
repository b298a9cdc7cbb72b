"""Settlements of several documents in the books: all documents take their parts, or none does, on every store.

A store with ATOMIC takes all in one transaction. On another store, these steps follow each other, and a writer that
meets a settlement which another one left unfinished carries out the rest:

    1. mark      create payments-open/<seller>/<id>, so that a listing finds what is unfinished
    2. claim     create the payment document, with every amount in it. This step decides.
    3. take      each document takes its part, unless it has it already (see `settlement.take`)
    4. conclude  the payment document is done
    5. unmark    delete payments-open/<seller>/<id>

If a document cannot take its part, the payment document becomes taken back instead of done. Then each document gets
the amount 0 in place of its part, which also stops a writer that is late with step 3. A later attempt under the same
id replaces a payment document that was taken back.

The parts that take money from a document come first. So while a settlement is unfinished, its cash counts once, and
an amount that was taken and not yet given counts nowhere: the balance of the customer is too high by it, never too low.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import unquote

from msgspec.structs import replace

from holdall.domain.catalog import Catalog
from holdall.domain.closing.period import Period
from holdall.domain.keys import OPEN, open_key, settled_key
from holdall.domain.model import Invoice
from holdall.domain.schema import check
from holdall.domain.settlement import concluded, leave, require_own, settlement_of, take
from holdall.domain.sound import sound
from holdall.errors import Conflict, Invalid, PermissionDenied
from holdall.store import ABSENT, ATTEMPTS, Expect, Feature, Operation, Put, Store, Tag, pause


class Settlements(Catalog):
    """The payment documents of books, each with its settlement, next to the invoices that they settle.

    >>> Settlements({}).finish()
    []
    """

    def finish(self) -> list[Invoice]:
        """Carry out the rest of each settlement that another writer left unfinished, and return their documents.

        This lists the marks, of which there are normally none. A store that does not allow writes keeps them.
        """
        store: Any = self.store
        if not isinstance(store, Store) or Feature.SWAP not in store.features:
            return []
        finished = []
        for mark in [*store.scan(OPEN)]:
            with suppress(PermissionDenied):
                finished += self._resume(store, mark)
        return finished

    def unfinished(self) -> list[str]:
        """Return the ids of the payment documents that are marked as unfinished."""
        marks = self.store.scan(OPEN) if isinstance(self.store, Store) else ()
        return [unquote(mark.rpartition("/")[2]) for mark in marks]

    def _resume(self, store: Store[Invoice], mark: str) -> list[Invoice]:
        marked = store.get(mark)
        if marked is None:
            return []
        require_own(mark, marked)
        key = settled_key(mark)
        with suppress(Conflict):
            self._claim(store, key, marked)
        return [self._finish(store, key)]

    def _settle_all(
        self, key: str, plan: Callable[[int], Invoice], compare: Callable[[Invoice], object]
    ) -> Invoice:
        """Carry out the settlement of the payment document ``plan(attempt)`` at ``key``, and return the document.

        If it was recorded before, ``compare`` gets the recorded one, and may raise Conflict. Then nothing changes.
        ``plan`` raises Invalid if a document cannot take its part now. Raises Invalid, and changes no amount, if that
        turns out later.
        """
        self.finish()
        for lost in range(ATTEMPTS):
            known = self._find_known(key)
            if known is not None and settlement_of(known).state == "done":
                compare(known)
                return known
            try:
                document = check(plan(1 if known is None else settlement_of(known).attempt + 1))
            except Invalid:
                if self._find_known(key) == known:
                    raise
                continue  # another writer recorded it in the meantime
            require_own(open_key(key), document)
            try:
                return self._carry_out(key, document)
            except Conflict:  # another writer was first, or closed the books
                self._guard.period(fresh=True)
                time.sleep(pause(lost))
        raise Conflict(
            f"payment {key!r} was changed {ATTEMPTS} times while it was recorded; try again", key=key
        )

    def _find_known(self, key: str) -> Invoice | None:
        """Return the payment document at ``key``, with its settlement finished, or None."""
        known = self.store.get(key)
        if known is None or settlement_of(known).state == "done":
            return known if known is None else sound(key, known)
        return self._finish(self.store, key)

    def _carry_out(self, key: str, document: Invoice) -> Invoice:
        store: Any = self.store
        period = self._guard.require_open(None, document)
        if not isinstance(store, Store):
            changed, _ = self._changed(document, lambda each: (self.store[each], ABSENT))
            done = self._done(document)
            store.update(changed | {key: done})
            return done
        if Feature.ATOMIC in store.features:
            return self._transact(store, key, document, period)
        return self._step_by_step(store, key, document)

    def _transact(self, store: Store[Invoice], key: str, document: Invoice, period: Period) -> Invoice:
        changed, tags = self._changed(document, store.get_tagged)
        done = self._done(document)
        changes: list[Operation[Invoice]] = [period.expect]
        changes += [Expect(each, tag) for each, tag in tags.items()]
        changes += [Expect(key, self._replaceable(store, key, document)), Put(key, done)]
        changes += [Put(each, value) for each, value in changed.items()]
        store.transact(changes)
        return done

    def _changed(
        self, document: Invoice, read: Callable[[str], tuple[Invoice, Tag]]
    ) -> tuple[dict[str, Invoice], dict[str, Tag]]:
        """Return every document with its part, and the tags that they have now, by key."""
        changed: dict[str, Invoice] = {}
        tags: dict[str, Tag] = {}
        for key, entry in ((part.document, part.entry) for part in settlement_of(document).parts):
            if key not in changed:
                found, tags[key] = read(key)
                changed[key] = sound(key, found)
            changed[key] = take(changed[key], entry)
        return changed, tags

    def _possible(self, document: Invoice) -> dict[str, Invoice]:
        """Return every document with its part, by key. Raises Invalid if one of them cannot take its part now."""
        changed, _ = self._changed(document, lambda key: (self._read(key), ABSENT))
        return changed

    def _done(self, document: Invoice) -> Invoice:
        return replace(document, settlement=replace(settlement_of(document), state="done"))

    def _step_by_step(self, store: Store[Invoice], key: str, document: Invoice) -> Invoice:
        attempt = settlement_of(document).attempt
        with suppress(Conflict):
            store.swap(open_key(key), document, ABSENT)
        self._claim(store, key, document)
        found = self._finish(store, key)
        settlement = settlement_of(found)
        if settlement.state != "done" or settlement.attempt != attempt:
            raise Invalid(
                f"payment {document.number!r} was not recorded, and no amount changed: {settlement.reason}"
            )
        return found

    def _claim(self, store: Store[Invoice], key: str, document: Invoice) -> None:
        """Write the payment document. Raises Conflict if another one is there that was not taken back."""
        store.swap(key, document, self._replaceable(store, key, document))

    def _replaceable(self, store: Store[Invoice], key: str, document: Invoice) -> Tag:
        """Return the tag of the document at ``key`` that ``document`` may replace."""
        try:
            found, tag = store.get_tagged(key)
        except KeyError:
            return ABSENT
        kept = settlement_of(found)
        is_next = kept.state == "taken-back" and kept.attempt + 1 == settlement_of(document).attempt
        return tag if is_next else ABSENT

    def _finish(self, store: Any, key: str) -> Invoice:
        """Carry out the rest of the settlement of the payment document at ``key``, and return the document."""
        document = self._read(key)
        settlement = settlement_of(document)
        if settlement.state != "done":
            require_own(open_key(key), document)
        if settlement.state == "open":
            problem = self._closed(document) or self._take_all(document)
            document = self._conclude(key, settlement.attempt, problem)
        if settlement_of(document).state == "taken-back":
            self._leave_all(document)
        if settlement_of(document).state != "open" and isinstance(store, Store):
            store.discard(open_key(key))
        return document

    def _closed(self, document: Invoice) -> Invalid | None:
        """Return the problem if ``document`` is dated in a closed period now.

        `Books.close` finishes what is marked. A writer that makes its mark later sees here that the books are closed.
        """
        try:
            self._guard.period(fresh=True).require_open(None, document)
        except Invalid as problem:
            return problem
        return None

    def _take_all(self, document: Invoice) -> Invalid | KeyError | None:
        """Give every document its part. Return the problem if one of them cannot take it."""
        for part in settlement_of(document).parts:
            try:
                self._rewrite(part.document, partial(take, entry=part.entry))
            except KeyError:
                return KeyError(f"the document at {part.document!r} was deleted in the meantime")
            except Invalid as problem:
                return problem
        return None

    def _leave_all(self, document: Invoice) -> None:
        settlement = settlement_of(document)
        for part in settlement.parts:
            with suppress(KeyError):
                self._rewrite(part.document, partial(leave, entry=part.entry, reason=settlement.reason))

    def _conclude(self, key: str, attempt: int, problem: Invalid | KeyError | None) -> Invoice:
        return self._rewrite(key, lambda found: concluded(found, attempt, problem))
