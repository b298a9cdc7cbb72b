"""The page that records a payment: a form, then the allocation that it would make, then the write.

The write needs the tag of the invoice that the visitor saw, so it never overwrites a change. The form has the
id of the payment, so sending it twice records one payment.
"""

from typing import Final

from holdall.adapters._shared.etags import escape_tag, unescape_tag
from holdall.domain.closing import Guard
from holdall.domain.model import Invoice
from holdall.domain.money import sum_amounts
from holdall.domain.recording import find_payment
from holdall.errors import Conflict, Invalid
from holdall.extras import needs
from holdall.history import note
from holdall.server.pages.forms import read_form
from holdall.server.pages.invoices import find_books, read_invoice
from holdall.server.pages.links import Links, crumbs
from holdall.server.pages.payment_form import Draft, first_draft, read_draft, sentence
from holdall.server.pages.rendering import Renderer, redirect
from holdall.server.stores import Served, Stores
from holdall.store import Tag, Tagged

with needs("server"):
    import falcon

_CHANGED: Final = "The invoice was changed after you opened this page. Check the allocation again."
_EMPTY: Final = dict.fromkeys(("payment", "amount", "on", "reference", "policy"), "")
_USED: Final = "This form recorded a payment already. Open the invoice to record another one."


class Payments:
    """The resource of a new payment on one invoice."""

    def __init__(self, stores: Stores, renderer: Renderer) -> None:
        self._stores = stores
        self._renderer = renderer

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the form."""
        served = find_books(self._stores, req, store, key, write=True)
        seen = read_invoice(served, key)
        self._show(req, resp, served, key, seen, first_draft(seen.value))

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the allocation, with the form and its errors, or record the payment."""
        fields = read_form(req)
        self._renderer.sessions.check_form(req.env, fields)
        served = find_books(self._stores, req, store, key, write=True)
        step, tag = fields.get("step", ""), unescape_tag(fields.get("tag", ""))
        if step == "save" and (found := _save(served, key, fields, tag)):
            redirect(resp, Links(req.root_path).to(store, "invoice", key, recorded=found))
            return
        seen = read_invoice(served, key)
        draft = _read_draft(served, seen.value, fields)
        problem = _problem(seen, draft, tag if step == "save" else None)
        if step == "edit" or problem == _USED:
            draft = draft._replace(errors={}, recorded=None)
        if problem:
            resp.status = falcon.HTTP_CONFLICT
        elif draft.errors:
            resp.status = falcon.HTTP_UNPROCESSABLE_ENTITY
        self._show(req, resp, served, key, seen, draft, problem)

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        served: Served,
        key: str,
        seen: Tagged[Invoice],
        draft: Draft,
        problem: str = "",
    ) -> None:
        invoice = seen.value
        self._renderer.render(
            req,
            resp,
            "payment.html" if draft.recorded is None or draft.errors else "payment_check.html",
            store=served.name,
            invoices=True,
            key=key,
            crumbs=crumbs(key),
            invoice=invoice,
            owed=invoice.owed(),
            total_owed=sum_amounts(invoice.owed().values()),
            tag=escape_tag(seen.tag),
            draft=draft,
            fields=_EMPTY | draft.fields,
            problem=problem,
        )


def _read_draft(served: Served, invoice: Invoice, fields: dict[str, str]) -> Draft:
    """Return the draft in ``fields``. A day in a closed period is an error of it."""
    draft = read_draft(invoice, fields)
    try:
        if draft.recorded is not None:
            Guard(served.store).require_open(invoice, draft.recorded)
    except Invalid as problem:
        return draft._replace(errors={"on": sentence(str(problem))}, recorded=None)
    return draft


def _save(served: Served, key: str, fields: dict[str, str], tag: Tag) -> str:
    """Record the payment if the invoice still has ``tag``. Return its id if it is recorded, now or before."""
    seen = read_invoice(served, key)
    draft = _read_draft(served, seen.value, fields)
    if draft.payment is None:
        return ""
    id = draft.payment.id
    if _is_recorded(seen.value, draft):
        return id
    if draft.recorded is None or seen.tag != tag:
        return ""
    try:
        with note(message=f"payment {id}"):
            Guard(served.store).replace(key, seen.value, tag, draft.recorded)
    except Invalid:  # somebody closed the period in the meantime
        return ""
    except Conflict:  # perhaps by the other request of a double click
        return id if _is_recorded(read_invoice(served, key).value, draft) else ""
    return id


def _is_recorded(invoice: Invoice, draft: Draft) -> bool:
    try:
        known = draft.payment and find_payment(invoice, draft.payment, draft.to)
        return bool(known and draft.payment and known.on == draft.payment.on)
    except Conflict:
        return False


def _problem(seen: Tagged[Invoice], draft: Draft, tag: Tag | None) -> str:
    """Return the reason, beyond its fields, for which a draft cannot be recorded. ``tag`` is the one to save."""
    payment = draft.payment
    if payment and any(each.id == payment.id for each in seen.value.payments):
        return _USED
    return "" if tag in (None, seen.tag) else _CHANGED
