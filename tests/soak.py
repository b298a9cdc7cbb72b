"""How long the tests may take: `make soak` sets HOLDALL_SOAK=1, and some then try all that they know."""

import os
from collections.abc import Iterable

SOAK = os.environ.get("HOLDALL_SOAK") == "1"


def rows(every: Iterable[str], more: set[str]) -> list[str]:
    """The names of ``every`` row; without HOLDALL_SOAK, those that are not in ``more``."""
    return [name for name in every if SOAK or name not in more]
