"""The time for which a presigned link is valid."""

from typing import Final

from holdall.errors import Invalid

LONGEST: Final = 7 * 24 * 3600
"""The most seconds for which S3 and Google accept a link (version 4 of their signatures)."""


def whole_seconds(expires: float) -> int:
    """Return ``expires`` in whole seconds. Raises Invalid if it is not between 1 second and 7 days.

    >>> whole_seconds(60.5)
    60
    """
    if not 1 <= expires <= LONGEST:
        raise Invalid(f"a link cannot be valid for {expires:,.10g} seconds; give 1 to {LONGEST:,} (7 days)")
    return int(expires)
