"""What the tests of dbm files share."""

import pytest

MODULES = {"bsd": "berkeleydb", "gnu": "dbm.gnu", "ndbm": "dbm.ndbm"}


def needs_module(flavor: str) -> None:
    """Skip where what opens ``flavor`` is not installed: it needs a library of the system."""
    if flavor in MODULES:
        pytest.importorskip(MODULES[flavor])
