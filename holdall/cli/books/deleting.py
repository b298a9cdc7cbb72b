"""Deletes an invoice, and refuses if payments would be lost with it."""

from typing import Any

import msgspec

from holdall.domain.model import Invoice
from holdall.errors import Corrupt, HoldallError
from holdall.history import note
from holdall.store import Feature, Store


def delete_invoice(store: Store[Any], key: str, reason: str) -> None:
    """Delete ``key``, which is the key of an invoice. ``reason`` is the message of the revision in a history.

    Raises HoldallError if the invoice has payments and ``reason`` is empty. A payment that is recorded in the
    meantime raises Conflict, if the store has compare-and-swap. Raises KeyError if ``key`` is missing.
    """
    if reason:
        with note(message=reason):
            del store[key]
        return
    try:
        value, tag = store.get_tagged(key) if Feature.SWAP in store.features else (store[key], None)
    except Corrupt:  # it is not an invoice
        del store[key]
        return
    _require_no_payments(key, value)
    if tag is None:
        del store[key]
    else:
        store.remove(key, tag)


def _require_no_payments(key: str, value: Any) -> None:
    """Raise HoldallError if ``value`` is an invoice with payments. Documents that are not invoices pass."""
    try:
        document = msgspec.json.decode(value) if isinstance(value, bytes) else value
        invoice = msgspec.convert(document, Invoice, str_keys=True)
    except (msgspec.MsgspecError, RecursionError):
        return
    if count := len(invoice.payments):
        raise HoldallError(
            f"invoice {invoice.number!r} at {key!r} has {count} payment{'' if count == 1 else 's'}, which would be "
            "lost; correct it with a credit note or `holdall invoices void`, or give --force and --reason",
            key=key,
        )
