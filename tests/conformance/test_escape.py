"""The suite on escaped keys, but for what it refuses: texts outside the grammar, which here are keys.

`make soak` takes SQLite as well.
"""

from collections.abc import Callable

import pytest

from holdall import Escape, SQLite
from holdall.store import Store
from holdall.testing import StoreTests
from tests.conformance.layered import FewFeedTests
from tests.conformance.test_conformance import Row, folder, named
from tests.soak import rows

ROWS: dict[str, Row] = {
    "memory": lambda request: Escape(named()),
    "sqlite": lambda request: Escape(SQLite(folder(request) / "store.db", durability="os")),
}


class TestEscape(FewFeedTests[bytes], StoreTests[bytes]):
    many = 250
    names = {"Escape": Escape, "SQLite": SQLite}

    @pytest.fixture(params=rows(ROWS, {"sqlite"}))
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return lambda: ROWS[request.param](request)

    # What these refuse is kept, as tests/middleware/test_escape.py shows.
    test_a_key_outside_the_grammar_raises_invalid_key = None
    test_an_invalid_key_among_valid_keys_is_refused = None
    test_a_bound_with_a_lone_surrogate_raises_invalid_key = None
    test_calls_with_reserved_keys_are_refused = None
    test_a_value_that_cannot_be_written_undoes_all = None
