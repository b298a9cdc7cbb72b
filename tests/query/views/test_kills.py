"""A process that refreshes a view is killed at any moment, again and again, while another one writes."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall.query import MapReduce
from holdall.query.views import View
from tests.soak import SOAK

KILLS = 100 if SOAK else 1
ROOT = Path(__file__).parents[3]
_DOCUMENTS = 500


def by_group(key: str, document: dict[str, int]) -> Iterator[tuple[str, int]]:
    yield from document.items()


QUERIES = {"sum": MapReduce(by_group, "sum"), "max": MapReduce(by_group, "max")}


def view(source: str, index: str, reducer: str) -> View[Any]:
    """The view that both processes have."""
    return View(holdall.open(source), QUERIES[reducer], index or None, name=reducer)


def write(store: Any, drawn: random.Random, stopped: threading.Event) -> None:
    """Write and delete documents until the event is set."""
    while not stopped.is_set():
        documents = {
            f"{drawn.randrange(_DOCUMENTS):04}": {drawn.choice("abc"): drawn.randrange(100) for _ in range(2)}
            for _ in range(20)
        }
        store.update(documents)
        store.delete_many(drawn.sample(sorted(documents), 5))


_REFRESH = """
import sys
from tests.query.views.test_kills import view

view = view(*sys.argv[1:])
print("ready", flush=True)
while True:
    print(view.refresh(), flush=True)
"""


INDEXES = [("file://{}/index?durability=os", "sum")]
if SOAK:
    INDEXES += [("", "sum"), ("sqlite:///{}/index.db?durability=os", "max")]


@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize(("index", "reducer"), INDEXES)
def test_a_killed_refresh_leaves_the_old_answer_or_the_new_one(
    tmp_path: Path, index: str, reducer: str
) -> None:
    source = f"sqlite:///{tmp_path}/source.db?durability=os&serializer=json"
    place = index.format(tmp_path)
    drawn = random.Random(KILLS)
    with holdall.open(source) as store:
        for number in range(KILLS):
            stopped = threading.Event()
            writer = threading.Thread(target=write, args=(store, random.Random(number), stopped))
            writer.start()
            command = [sys.executable, "-c", _REFRESH, source, place, reducer]
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as refresher:
                assert refresher.stdout
                for _ in range(drawn.randint(1, 6)):
                    assert refresher.stdout.readline()
                threading.Event().wait(drawn.random() / 20)
                refresher.kill()
            stopped.set()
            writer.join()
            with_view = view(source, place, reducer)
            assert list(with_view.rows()) == list(QUERIES[reducer].run(store))
            assert list(view(source, place, reducer).rows(stale=True)) == list(QUERIES[reducer].run(store))
