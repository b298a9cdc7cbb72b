"""Functions and classes of a notebook, which other processes cannot import, work with cloudpickle."""

import pickle
import textwrap

import pytest

from holdall import MapReduce, Memory
from holdall.query import View
from holdall.query.packing import pack, unpack
from tests.query.maps import Inline
from tests.query.test_parallel import numbers

CELL = textwrap.dedent("""
    class Most:
        def __init__(self, value):
            self.value = value

        def __eq__(self, other):
            return type(self) is type(other) and self.value == other.value

    class Reducer:
        def fold(self, values):
            return Most(max(values))

        def merge(self, left, right):
            return max(left, right, key=lambda most: most.value)

        def result(self, partial):
            return partial

    def by_first(key, value):
        yield key[0], int(value)
""")


@pytest.fixture
def cell():
    """The names of a cell, as of a session that has no file."""
    names = {"__name__": "__main__"}
    exec(CELL, names)
    return names


def test_a_query_of_a_notebook(cell):
    pytest.importorskip("cloudpickle")
    query = MapReduce(cell["by_first"], cell["Reducer"]())
    rows = query.run(numbers(100), executor=Inline(), partitions=7)
    assert rows == query.run(numbers(100))
    assert all(type(row.value) is cell["Most"] for row in rows)


def test_a_view_of_a_notebook_has_its_definition_in_workers_too(cell):
    pytest.importorskip("cloudpickle")
    view = View(Memory("notebook"), MapReduce(cell["by_first"], "max"), name="view")
    sent = unpack(pack(view))
    assert sent._reader.query.map is not view._reader.query.map
    assert sent._refresher.definition == view._refresher.definition
    with pytest.raises(Exception, match="pickle"):
        pickle.dumps(view)


def test_a_lambda_of_a_module():
    pytest.importorskip("cloudpickle")
    query = MapReduce(lambda key, value: [(key[0], 1)], "count")
    assert query.run(numbers(100), executor=Inline()) == query.run(numbers(100))
