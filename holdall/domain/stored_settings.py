"""The settings that books keep in their own store, in a document next to the invoices.

    key   = "books/settings"
    value = {"currency": …, "seller": …, "codes": …}      the entries of [books] in holdall.toml, each optional

A document that names no seller, no currency or no codes gets those of these settings.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from holdall.domain.model import Party
from holdall.domain.settings import Settings, settings_of
from holdall.errors import Conflict, Corrupt, Invalid
from holdall.store import Store

KEY: Final = "books/settings"
_LARGEST: Final = 1 << 20  # bytes, as for a file with a mapping of codes


class StoredSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The settings as a store keeps them. ``codes`` is a mapping that `holdall.domain.codes.codes_of` reads.

    >>> StoredSettings(currency="EUR").entries()
    {'currency': 'EUR'}
    """

    currency: str | None = None
    seller: Party | None = None
    codes: dict[str, Any] | None = None

    def entries(self) -> dict[str, Any]:
        """Return the entries that are set, as [books] in holdall.toml has them."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    def over(self, others: Settings) -> Settings:
        """Return these settings, and those of ``others`` for the entries that are not set.

        Raises Invalid with every error.

        >>> StoredSettings(currency="EUR").over(Settings("CHF", Party("S", "Bo")))
        Settings(currency='EUR', seller=Party(id='S', name='Bo'), codes=None)
        """
        own = settings_of(self.entries())
        codes = others.codes if own.codes is None else own.codes
        return Settings(own.currency or others.currency, own.seller or others.seller, codes)


NOTHING: Final = StoredSettings()
"""No settings."""


def settings_from(entries: object) -> StoredSettings:
    """Return the settings with ``entries``, as [books] in holdall.toml has them. Raises Invalid with every error.

    >>> settings_from({"currency": "EUR", "seller": "Bo"}).seller
    Party(id='Bo', name='Bo')
    """
    if not isinstance(entries, dict):
        raise Invalid('settings of books are an object; write for example {"currency": "EUR"}')
    given = msgspec.to_builtins({name: value for name, value in entries.items() if value is not None})
    _require_size(given)
    seller = settings_of(given).seller
    return StoredSettings(given.get("currency"), seller, given.get("codes"))


def read_stored(store: Mapping[str, Any]) -> StoredSettings:
    """Return the settings in ``store``. Raises Corrupt, which names their key, if they are not valid."""
    found = store.get(KEY, NOTHING)
    try:
        if not isinstance(found, StoredSettings):
            raise Invalid(f"a value of the type {type(found).__name__} is not settings of books")
        _require_size(found)
        settings_of(found.entries())
    except Invalid as problem:
        remedy = "delete this key, and set them again with `holdall books set`"
        raise Corrupt(f"the settings at {KEY!r} are not valid: {problem}; {remedy}", key=KEY) from problem
    return found


def change_stored(store: MutableMapping[str, Any], changes: Mapping[str, Any]) -> StoredSettings:
    """Replace the entries that ``changes`` names in the settings in ``store``, and return all settings.

    An entry of None is removed. Raises Invalid with every error, and changes nothing then.
    """
    return _modify(store, lambda found: settings_from({**found.entries(), **changes}))


def add_stored(store: MutableMapping[str, Any], settings: StoredSettings) -> bool:
    """Store ``settings``, and return True. Return False if ``store`` has the same settings already.

    Raises Conflict, which names the differing entries, if it has others.
    """

    def add(found: StoredSettings) -> StoredSettings:
        if found not in (NOTHING, settings):
            names = [
                each for each in found.__struct_fields__ if getattr(found, each) != getattr(settings, each)
            ]
            raise Conflict(
                f"the books have settings already, and their {' and '.join(names)} differ from these; "
                "change them with `holdall books set`",
                key=KEY,
            )
        return settings

    is_new = read_stored(store) != settings
    if is_new:
        _modify(store, add)
    return is_new


def _modify(
    store: MutableMapping[str, Any], function: Callable[[StoredSettings], StoredSettings]
) -> StoredSettings:
    if isinstance(store, Store):
        changed: StoredSettings = store.modify(KEY, function, NOTHING)
    else:
        changed = store[KEY] = function(store.get(KEY, NOTHING))
    return changed


def _require_size(settings: object) -> None:
    if (size := len(msgspec.json.encode(settings))) > _LARGEST:
        raise Invalid(
            f"the settings of the books take {size:,} bytes, which is more than {_LARGEST:,}; "
            "write a shorter mapping of codes"
        )
