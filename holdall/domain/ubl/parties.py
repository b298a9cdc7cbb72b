"""The seller and the customer. UBL has several ids and names for a party; this module selects one of each."""

from holdall.domain.model import Party
from holdall.domain.ubl.node import Node

_IDS = (
    "cac:PartyLegalEntity/cbc:CompanyID",
    "cac:PartyIdentification/cbc:ID",
    "cac:PartyTaxScheme/cbc:CompanyID",
    "cbc:EndpointID",
)
_NAMES = ("cac:PartyLegalEntity/cbc:RegistrationName", "cac:PartyName/cbc:Name")


WALK_IN = Party("walk-in", "Walk-in customer")
"""The customer of a simplified invoice, which names no buyer (Directive 2006/112/EC, article 226b)."""


def customer(document: Node) -> Party:
    """Return the customer (BG-7), or `WALK_IN` if the document gives neither a name nor an id of one."""
    role = document.first("cac:AccountingCustomerParty", term="BG-7")
    node = role and role.first("cac:Party", term="BT-44")
    if role and node and (_vat(node) or node.first(*_IDS, *_NAMES)):
        return party(role, "BT-44")
    return WALK_IN


def party(role: Node, term: str) -> Party:
    """Return the party in ``role``, which is an accounting supplier or customer.

    ``term`` is the business term of the party's name (BT-27, BT-44), for messages.

    The id is the first of these that the document gives: the VAT identifier (BT-31, BT-48), within which the
    law requires invoice numbers to be unique (Directive 2006/112/EC, article 226); the legal registration
    (BT-30, BT-47); the identifier (BT-29, BT-46); another tax registration (BT-32); the electronic address
    (BT-34, BT-49); the name. An id with a ``schemeID`` is written ``scheme:id``, because it is unique only
    within its scheme.

    The name is the registered name, or else the trading name (BT-28, BT-45), or else the id. Raises Invalid
    if the document gives neither a name nor an id.
    """
    node = role.one("cac:Party", term)
    known = _vat(node) or node.first(*_IDS)
    name = node.first(*_NAMES) or known or node.one(_NAMES[0], term)
    return Party(_id(known or name), name.text)


def _vat(node: Node) -> Node | None:
    for registration in node.every("cac:PartyTaxScheme"):
        scheme = registration.first("cac:TaxScheme/cbc:ID")
        if scheme and scheme.text == "VAT":
            return registration.first("cbc:CompanyID")
    return None


def _id(node: Node) -> str:
    scheme = node.element.get("schemeID", "").strip()
    return f"{scheme}:{node.text}" if scheme else node.text
