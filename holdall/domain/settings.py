"""The settings of a seller's books: the seller, the currency, and the mapping of accounting codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from holdall._formencode import Invalid as Refused
from holdall.domain.codes.declared import CodesSchema
from holdall.domain.codes.rules import Codes
from holdall.domain.document import Document
from holdall.domain.fields import Currency, Optional
from holdall.domain.model import Party
from holdall.domain.parties import AnyParty
from holdall.middleware.validate import invalid


@dataclass(frozen=True)
class Settings:
    """The defaults for documents that name no seller, no currency or no codes.

    >>> Settings(currency="EUR", seller=Party("DE123", "Seiler GmbH")).codes is None
    True
    """

    currency: str | None = None
    seller: Party | None = None
    codes: Codes | None = None


NONE: Final = Settings()
"""No defaults."""


class _SettingsSchema(Document):
    """The table [books]."""

    currency = Optional(Currency())
    seller = Optional(AnyParty())
    codes = Optional(CodesSchema())


def settings_of(table: Mapping[str, Any]) -> Settings:
    """Return the settings in ``table``, which is the table [books] of a configuration file.

    Raises Invalid with every error.

    >>> settings_of({"currency": "EUR", "seller": {"id": "DE123", "name": "Seiler GmbH"}}).seller
    Party(id='DE123', name='Seiler GmbH')
    """
    try:
        read = _SettingsSchema().to_python(dict(table))
    except Refused as error:
        raise invalid("the settings of the books are not valid", error) from None
    seller = read["seller"]
    return Settings(read["currency"], seller and Party(**seller), read["codes"])
