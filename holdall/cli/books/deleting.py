"""Deletes an invoice, and refuses if payments would be lost with it."""

from typing import Any, TypeVar

import msgspec

from holdall.domain.closing.period import Period
from holdall.domain.closing.record import KEY, Closing
from holdall.domain.model import Invoice
from holdall.errors import Corrupt, HoldallError
from holdall.history import note
from holdall.store import Feature, Store

T = TypeVar("T")


def delete_invoice(store: Store[Any], key: str, reason: str) -> None:
    """Delete ``key``, which is the key of an invoice. ``reason`` is the message of the revision in a history.

    Raises Invalid if the invoice, or an entry of it, is dated in a closed period. Raises HoldallError if the invoice
    has payments and ``reason`` is empty. A payment that is recorded in the
    meantime raises Conflict, if the store has compare-and-swap. Raises KeyError if ``key`` is missing.
    """
    try:
        value, tag = store.get_tagged(key) if Feature.SWAP in store.features else (store[key], None)
    except Corrupt:  # it is not an invoice
        value, tag = None, None
    if invoice := _read(value, Invoice):
        closing = _read(store.get(KEY), Closing)
        Period(closing.until if closing else None).require_open(invoice, None)
    if reason:
        with note(message=reason):
            del store[key]
        return
    if invoice:
        _require_no_payments(key, invoice)
    if tag is None:
        del store[key]
    else:
        store.remove(key, tag)


def _read(value: Any, type: type[T]) -> T | None:
    """Return ``value``, which may be JSON or a dict, as a document of the type, or None if it is another document."""
    try:
        document = msgspec.json.decode(value) if isinstance(value, bytes) else value
        return msgspec.convert(document, type, str_keys=True)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _require_no_payments(key: str, invoice: Invoice) -> None:
    if count := len(invoice.payments):
        raise HoldallError(
            f"invoice {invoice.number!r} at {key!r} has {count} payment{'' if count == 1 else 's'}, which would be "
            "lost; correct it with a credit note or `holdall invoices void`, or give --force and --reason",
            key=key,
        )
