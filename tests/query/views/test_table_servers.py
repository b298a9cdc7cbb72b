"""The tables of views on real servers, with faults and other committers between any two requests."""

from collections.abc import Callable

import pytest

from holdall import Store
from holdall.query.views.rows import RowTable
from holdall.query.views.segments import SegmentTable, merge
from holdall.query.views.table import Table
from tests.faults.requests import die
from tests.query.views import test_tables as trials
from tests.query.views.tables import Kind

KINDS: dict[str, Callable[[Store[bytes]], Table]] = {
    "seaweed": SegmentTable,
    "fake_gcs": SegmentTable,
    "dynamodb": SegmentTable,
    "redis_server": RowTable,
    "postgresql": RowTable,
    "mysql": RowTable,
}


@pytest.mark.parametrize("server", KINDS)
def test_a_table_on_a_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setattr(merge, "LARGEST", 40)
    made = request.getfixturevalue(server)
    kind = Kind(KINDS[server], lambda folder: made.store())
    with made.store() as store:
        store["another"] = b"not of the table"
        trials.test_a_table_is_a_dict_with_a_head(kind, store)
        kind.table(store).drop()
        trials.test_only_the_expected_head_is_replaced(kind, store)
        trials.test_a_dropped_table_leaves_nothing(kind, store)
        trials.test_a_fault_between_any_two_requests(kind, store, trials.WHOLE, die)
        trials.test_a_fault_between_any_two_requests(kind, store, trials.SECOND, trials.lose)
        trials.test_another_commits_between_any_two_requests(kind, store, trials.WHOLE)
        trials.test_a_reader_misses_names_or_reads_them_as_they_were(kind, store)
        trials.test_another_commits_between_any_two_requests_of_a_drop(kind, store, expects=False)
