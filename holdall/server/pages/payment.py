"""The page that records a payment: a form, then the allocation that it would make, then the write.

The write needs the tag of the invoice that the visitor saw, so it never overwrites a change. The form has the
id of the payment, so sending it twice records one payment.
"""

from decimal import Decimal
from typing import Final

from holdall.domain.model import Invoice
from holdall.domain.money import sum_amounts
from holdall.domain.recording import find_payment
from holdall.errors import Conflict
from holdall.extras import needs
from holdall.history import note
from holdall.server.etags import escape_tag, unescape_tag
from holdall.server.pages.forms import read_form
from holdall.server.pages.invoices import find_books, read_invoice
from holdall.server.pages.links import Links, crumbs
from holdall.server.pages.payment_form import Draft, first_draft, read_draft
from holdall.server.pages.rendering import Renderer, redirect
from holdall.server.stores import Served, Stores
from holdall.store import Tag, Tagged

with needs("server"):
    import falcon

_CHANGED: Final = "The invoice was changed after you opened this page. Check the allocation again."
_EMPTY: Final = dict.fromkeys(("id", "amount", "on", "reference", "policy"), "")
_OTHER: Final = "The form was used for another payment already. Reload the page to begin again."


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
        draft = read_draft(seen.value, fields)
        problem = _problem(seen, draft, tag) if step == "save" else ""
        if step == "edit":
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
            zero=Decimal(0),
            tag=escape_tag(seen.tag),
            draft=draft,
            fields=_EMPTY | draft.fields,
            problem=problem,
        )


def _save(served: Served, key: str, fields: dict[str, str], tag: Tag) -> str:
    """Record the payment if the invoice still has ``tag``. Return its id if it is recorded, now or before."""
    seen = read_invoice(served, key)
    draft = read_draft(seen.value, fields)
    payment = draft.payment
    if payment is None:
        return ""
    try:
        if find_payment(seen.value, payment, draft.to):
            return payment.id
        if draft.recorded is None or seen.tag != tag:
            return ""
        with note(message=f"payment {payment.id}"):
            served.store.swap(key, draft.recorded, tag)
    except Conflict:
        return ""
    return payment.id


def _problem(seen: Tagged[Invoice], draft: Draft, tag: Tag) -> str:
    """Return the reason for which a payment was not recorded, unless it is an error of a field."""
    payment = draft.payment
    if payment and any(each.id == payment.id for each in seen.value.payments):
        return _OTHER
    return _CHANGED if seen.tag != tag else ""
