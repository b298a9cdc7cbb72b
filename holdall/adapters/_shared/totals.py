"""The totals that a store tells in `Store.info`, if it knows them without a listing."""

from typing import Final

KEYS: Final = "stored keys"
"""The number of all stored keys: reserved keys and foreign names count too."""
USED: Final = "used"
"""The bytes that the store uses."""


def totals(keys: int | None = None, used: int | None = None, *, about: str = "") -> dict[str, str]:
    """Return the totals as texts. ``about`` says why they are not exact.

    >>> totals(1234, about="at the last ANALYZE")
    {'stored keys': 'about 1,234 (at the last ANALYZE)'}
    """
    found = {KEYS: None if keys is None else f"{keys:,}", USED: None if used is None else f"{used:,} bytes"}
    shape = f"about {{}} ({about})" if about else "{}"
    return {name: shape.format(text) for name, text in found.items() if text is not None}
