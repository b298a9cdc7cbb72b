"""By which of its ids a party of a UBL document is known."""

import pytest

from holdall.domain.model import Party
from holdall.domain.ubl import read
from tests.domain.ubl_documents import INVOICE


def party(*parts):
    """The seller, read from ``parts`` alone."""
    start, end = (
        INVOICE.index("<cac:PartyTaxScheme>"),
        INVOICE.index(" </cac:Party></cac:AccountingSupp"),
    )
    return read((INVOICE[:start] + "".join(parts) + INVOICE[end:]).encode()).seller


LEGAL = (
    "<cac:PartyLegalEntity><cbc:RegistrationName>Legal AB</cbc:RegistrationName>"
    '<cbc:CompanyID schemeID="0007">556</cbc:CompanyID></cac:PartyLegalEntity>'
)
TRADE = "<cac:PartyName><cbc:Name>Trade</cbc:Name></cac:PartyName>"
IDENTIFIER = '<cac:PartyIdentification><cbc:ID schemeID="0088">730</cbc:ID></cac:PartyIdentification>'
ENDPOINT = '<cbc:EndpointID schemeID="EM">a@b.example</cbc:EndpointID>'


def registration(scheme, id):
    return (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{id}</cbc:CompanyID>"
        f"<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [
                ENDPOINT,
                IDENTIFIER,
                TRADE,
                registration("LOC", "77"),
                registration("VAT", "SE1"),
                LEGAL,
            ],
            Party("SE1", "Legal AB"),
        ),
        ([ENDPOINT, IDENTIFIER, registration("LOC", "77"), LEGAL], Party("0007:556", "Legal AB")),
        ([ENDPOINT, IDENTIFIER, TRADE, registration("LOC", "77")], Party("0088:730", "Trade")),
        ([ENDPOINT, TRADE, registration("LOC", "77")], Party("77", "Trade")),
        ([ENDPOINT, TRADE], Party("EM:a@b.example", "Trade")),
        ([TRADE], Party("Trade", "Trade")),
        ([registration("VAT", "SE1")], Party("SE1", "SE1")),
    ],
)
def test_a_party_is_known_by_the_first_of_its_ids(parts, expected):
    assert party(*parts) == expected
