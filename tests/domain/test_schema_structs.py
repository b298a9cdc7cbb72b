"""The schema on Structs, and in a Validate layer over typed and untyped documents."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from holdall import Json, Memory, Validate, Xml
from holdall.domain.model import Invoice, LineItem, Party, Payment
from holdall.domain.schema import InvoiceSchema, check
from holdall.errors import Invalid
from tests.domain.documents import document, errors_of
from tests.domain.made import invoice


class TestStructs:
    def test_a_struct_is_returned_as_a_struct_of_the_declared_types(self) -> None:
        loose = invoice(total="100.00", issued="2026-01-01", references=["6"])
        strict = check(loose)
        assert strict == invoice(references=("6",))
        assert isinstance(strict.total, Decimal)

    def test_a_float_in_a_struct_is_refused(self) -> None:
        with pytest.raises(Invalid, match="write a decimal number as text"):
            check(invoice(total=100.0))

    def test_every_error_is_in_the_message_and_nested(self) -> None:
        wrong = invoice("", customer=Party("", "Customer"))
        with pytest.raises(Invalid, match=r"invoice '' is not valid: number: .*; customer\.id: ") as e:
            check(wrong)
        assert set(e.value.flat()) == {"number", "customer.id"}

    def test_an_invoice_is_no_other_struct(self) -> None:
        assert "write an object" in errors_of(Party("S", "Seller"))[""]


class TestAsALayer:
    """The schema in a Validate layer, over typed and untyped documents."""

    def test_it_validates_a_store_of_structs(self) -> None:
        store = Validate(Json(Memory(), Invoice), InvoiceSchema())
        store["7"] = invoice()
        assert store["7"] == invoice()
        with pytest.raises(Invalid, match="'8' is not valid: total: the lines add up to"):
            store["8"] = invoice("8", total=Decimal(1))
        assert list(store) == ["7"]

    def test_over_plain_documents(self) -> None:
        store = Validate(Xml(Memory()), InvoiceSchema())
        store["7"] = document()
        assert store["7"]["total"] == Decimal("100.00")
        assert store["7"]["due"] == date(2026, 1, 31)
        assert store.typed(Invoice)["7"].owed() == {"4400": 30, "4410": 20}
        with pytest.raises(Invalid) as caught:
            store["8"] = document() | {"total": "1.00"}
        assert list(caught.value.flat()) == ["total"]
        assert list(store) == ["7"]


def test_a_typical_document_is_about_a_kilobyte() -> None:
    lines = [
        msgspec.structs.replace(each, description="Rent of the premises in January", id=str(n))
        for n, each in enumerate([*invoice().lines] * 3)
    ]
    payment = Payment("p1", date(2026, 2, 1), Decimal(1), ())
    size = len(msgspec.json.encode(invoice("7", *lines, payments=(payment,))))
    assert 700 < size < 1300
    assert isinstance(lines[0], LineItem)
