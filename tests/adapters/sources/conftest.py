"""The number of rows in each page of a source, as a fixture of these tests."""

import pytest

from holdall.adapters._sources.database import Database


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows of each read of a database, in order. A test may clear it."""
    found: list[int] = []
    read_rows = Database.rows

    def rows(self, *args):
        read = read_rows(self, *args)
        found.append(len(read))
        return read

    monkeypatch.setattr(Database, "rows", rows)
    return found
