"""Who sells and who buys: a party's id and name, out of the many that UBL has for it."""

from holdall.domain.model import Party
from holdall.domain.ubl.node import Node

_IDS = (
    "cac:PartyLegalEntity/cbc:CompanyID",
    "cac:PartyIdentification/cbc:ID",
    "cac:PartyTaxScheme/cbc:CompanyID",
    "cbc:EndpointID",
)
_NAMES = ("cac:PartyLegalEntity/cbc:RegistrationName", "cac:PartyName/cbc:Name")


def party(role: Node, term: str) -> Party:
    """The party in ``role``, an accounting supplier or customer; ``term`` is its name's (BT-27, BT-44).

    The id is the first that is given of: the VAT identifier (BT-31, BT-48), within which the law wants
    invoice numbers unique (Directive 2006/112/EC, article 226); the legal registration (BT-30, BT-47);
    the identifier (BT-29, BT-46); another tax registration (BT-32); the electronic address (BT-34,
    BT-49); the name. An id with a ``schemeID`` is written ``scheme:id``, being unique only within it.
    The name is the registered one, else the trading name (BT-28, BT-45). Invalid where there is neither a
    name nor an id.
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
