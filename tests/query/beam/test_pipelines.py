"""Pipelines of Apache Beam have the rows of serial runs, however their ranges are divided and split."""

import doctest
from decimal import localcontext
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, MapReduce, Memory, SQLite, open
from holdall.errors import Corrupt, InvalidQuery, QueryFailed, Unsupported
from holdall.query import together
from holdall.query.collation import collate
from holdall.query.grouping import Grouping
from holdall.query.job import Step
from holdall.query.spans import Span
from tests.query import maps
from tests.query.keys import tuples
from tests.query.test_parallel import REDUCERS

# Apart from tests that fork: see `make test-clusters`.
pytestmark = pytest.mark.servers

summed = MapReduce(maps.by_first, "sum")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with SQLite(tmp_path_factory.mktemp("books") / "books.db", durability="os") as store:
        store.update({f"{number:02}": b"%d" % number for number in range(20)})
        yield store


@pytest.fixture
def small(beam, monkeypatch):
    """Ranges of three documents."""
    monkeypatch.setattr(beam.ranges, "_STEP", 1)
    monkeypatch.setattr(beam.ranges, "_PARTS", 3)


def test_the_examples_in_the_modules(beam):
    modules = (beam.asking, beam.ranges, beam.reading, beam.recipe, beam.writing)
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results)
    assert not sum(result.failed for result in results)


@pytest.mark.parametrize("documents", [0, 1, 1023, 1024, 1025, 2049, 10_000])
def test_ranges_hold_a_thousand_documents_each_and_together_all(beam, documents):
    listed = [f"{number:05}" for number in range(documents)]
    ranges = list(beam.ranges.divide(Span("", None), listed))
    assert [ranges[0].start, ranges[-1].stop] == ["", None]
    assert all(one.stop == following.start for one, following in pairwise(ranges))
    held = [
        [key for key in listed if key >= each.start and (each.stop is None or key < each.stop)]
        for each in ranges
    ]
    assert list(map(len, held[:-1])) == [1024] * (len(ranges) - 1)
    assert len(ranges) == max(1, -(-documents // 1024))
    assert all(each.marks == tuple(found[32::32]) for each, found in zip(ranges, held, strict=True))


def test_there_are_at_most_as_many_ranges_as_are_allowed(beam, small, monkeypatch):
    monkeypatch.setattr(beam.ranges, "_MOST", 4)
    for documents in range(100):
        ranges = list(beam.ranges.divide(Span("", None), map("{:02}".format, range(documents))))
        assert len(ranges) <= 4


@given(data=st.data(), listed=st.sets(st.text("abc", min_size=1, max_size=3), max_size=30).map(sorted))
def test_each_key_is_read_once_wherever_ranges_are_split(beam, data, listed):
    """Reads a range as a worker does, and splits it and its residuals at any moment."""
    fractions = st.none() | st.sampled_from([0.0, 0.01, 0.5, 0.99, 1.0])
    waiting, read = [beam.ranges.KeyRange("", None, tuple(listed[1::2]))], []

    def maybe_split(tracker):
        fraction = data.draw(fractions)
        before = tracker.current_progress()
        if fraction is not None and (parts := tracker.try_split(fraction)):
            primary, residual = parts
            assert (primary.stop, tracker.current_restriction()) == (residual.start, primary)
            assert primary.size + residual.size >= before.total_work
            waiting.append(residual)

    while waiting:
        start, stop, marks = waiting.pop()
        assert all(start < mark and (stop is None or mark < stop) for mark in marks)
        tracker = beam.ranges.KeyTracker(beam.ranges.KeyRange(start, stop, marks))
        maybe_split(tracker)
        for key in [key for key in listed if key >= start and (stop is None or key < stop)]:
            if not tracker.try_claim(key):
                break
            read.append(key)
            maybe_split(tracker)
        else:
            with pytest.raises(ValueError, match="were not read to the end"):
                tracker.check_done()
            tracker.try_claim(None)
        assert tracker.check_done()
        assert tracker.current_progress().fraction_remaining == 0
        assert tracker.try_split(0.5) is None
    assert sorted(read) == listed


@given(data=st.data(), borders=st.sets(st.text(max_size=3), max_size=4), level=st.sampled_from([None, 0, 1]))
def test_the_rows_are_those_of_a_serial_run_to_the_bit_in_any_order_of_the_parts(beam, data, borders, level):
    reduce, values = REDUCERS[data.draw(st.sampled_from(sorted(REDUCERS)))]
    pairs = st.lists(st.tuples(tuples, values), max_size=4)
    store = data.draw(st.dictionaries(st.text(max_size=3), pairs, max_size=8))
    query = MapReduce(maps.as_they_are, reduce)
    transform = beam.asking._Query(
        Step(query.map, reduce, Grouping(level=level)),
        SimpleNamespace(open=lambda: store),
        *("", Span("", None), None, "raise"),
    )
    rows = beam.run.rows(
        transform,
        sorted(borders - {""}),
        lambda parts: data.draw(st.permutations(parts)),
        data.draw(st.integers(1, 3)),
    )
    assert repr(in_order(rows)) == repr(list(query.run(store, group_level=level)))


def in_order(rows):
    return sorted(rows, key=lambda row: collate(row.key))


def test_a_pipeline_has_the_rows_of_a_serial_run(beam, small, store):
    reducers = {"none": None, "reducer": maps.First()}
    queries = {name: MapReduce(maps.by_parity, reduce) for name, reduce in reducers.items()}
    options = {"start": "03", "stop": "18", "group_level": 1, "between": (("even",), ("odd", 3))}
    results = beam.run.run(
        lambda pipeline: {
            **{
                name: pipeline | name >> beam.public.to_pipeline(query, store, "", **options)
                for name, query in queries.items()
            },
            "empty": pipeline | beam.public.to_pipeline(summed, store, "none/"),
        }
    )
    for name, query in queries.items():
        assert repr(in_order(results[name])) == repr(query.run(store, **options))
    assert results["empty"] == []


def test_a_worker_holds_the_groups_of_one_chunk(beam, store, monkeypatch):
    monkeypatch.setattr(beam.asking, "_CHUNK", 3)
    transform = beam.public.to_pipeline(MapReduce(maps.by_parity), store)
    parts = list(beam.run.read(transform._reader))
    assert {start for _, (start, _, _) in parts} == {f"{number:02}" for number in range(0, 20, 3)}


def test_a_range_is_split_while_a_worker_reads_it(beam, store, monkeypatch):
    monkeypatch.setattr(beam.ranges, "_STEP", 1)
    query = MapReduce(beam.run.waiting_for_split)
    results, answers = beam.run.run_split(
        "split/ParDo(_GroupReader)/ParDo(_GroupReader)",
        lambda pipeline: {"rows": pipeline | "split" >> beam.public.to_pipeline(query, store)},
    )
    assert in_order(results["rows"]) == MapReduce(maps.by_first).run(store)
    assert [len(answer.residual_roots) for answer in answers] == [1]


def test_maps_and_reducers_run_in_the_decimal_context_of_the_caller(beam, store):
    for query in (MapReduce(maps.rounded, "sum"), MapReduce(maps.by_parity, maps.Mean())):
        with localcontext(prec=2):
            expected = query.run(store, start="16", group_level=0)
            transform = beam.public.to_pipeline(query, store, start="16", group_level=0)
        assert beam.run.rows(transform) == expected
        assert query.run(store, start="16", group_level=0) != expected


@pytest.fixture
def poisoned(tmp_path):
    """Documents of which one cannot be decoded and one cannot be mapped."""
    with SQLite(tmp_path / "books.db", durability="os") as raw:
        books = Json(raw)
        books.update({f"{number}": number for number in range(9)})
        raw["4"] = b"{"
        books["7"] = "text"
        yield books


def test_a_document_that_cannot_be_read_or_mapped_is_left_out(beam, small, poisoned):
    query = MapReduce(maps.numbers_alone, "sum")
    serial = query.run(poisoned, on_error="collect")
    assert list(serial.failures) == ["4", "7"]

    def build(pipeline):
        rows, failures = pipeline | beam.public.to_pipeline(query, poisoned, on_error="collect")
        documents, unreadable = pipeline | beam.public.ReadFromStore(poisoned, on_error="collect")
        return {"rows": rows, "failures": failures, "documents": documents, "unreadable": unreadable}

    results = beam.run.run(build)
    assert results["rows"] == serial
    assert repr(sorted(results["failures"])) == repr([*serial.failures.items()])
    assert sorted(results["documents"]) == [(key, poisoned[key]) for key in sorted(poisoned) if key != "4"]
    assert repr(results["unreadable"]) == repr([("4", serial.failures["4"])])
    assert beam.run.rows(beam.public.to_pipeline(query, poisoned, on_error="skip")) == serial


def test_a_document_after_a_split_is_left_out_by_the_other_worker(beam, poisoned):
    reader = beam.public.ReadFromStore(poisoned, on_error="collect")._reader
    tracker = beam.ranges.KeyTracker(beam.ranges.KeyRange("", None, ("2", "4")))
    reading = reader.process(None, tracker)
    assert next(reading) == ("0", 0)
    _, residual = tracker.try_split(0.7)
    assert residual.start == "4"
    assert list(reading) == [("1", 1), ("2", 2), ("3", 3)]
    (failure,) = [each for each in beam.run.read(reader, residual) if not isinstance(each, tuple)]
    assert (failure.tag, failure.value[0]) == ("failures", "4")


def test_errors_name_the_document_or_the_group(beam, poisoned):
    public, numbers = beam.public, MapReduce(maps.numbers_alone, "sum")
    with pytest.raises(Corrupt, match="the value of '4' was not written by Json"):
        list(beam.run.read(public.ReadFromStore(poisoned)._reader))
    with pytest.raises(QueryFailed, match="map failed at '7'"):
        beam.run.rows(public.to_pipeline(numbers, poisoned, start="5"))
    with pytest.raises(InvalidQuery, match="reduce failed for 'all': len gives"):
        beam.run.rows(public.to_pipeline(MapReduce(maps.numbers_alone, len), poisoned, stop="4"))


def test_documents_are_copied_with_their_types(beam, small, tmp_path):
    source, copy = f"sqlite:///{tmp_path}/a.db?serializer=json", f"sqlite:///{tmp_path}/b.db?serializer=json"
    with open(source) as store:
        store.update({f"{number}": {"number": number} for number in range(30)})

    def build(pipeline):
        documents = pipeline | beam.public.ReadFromStore(source, "2", start="20", stop="29")
        return {"written": documents | beam.public.WriteToStore(copy)}

    assert beam.run.run(build) == {"written": []}
    writer = beam.writing._Writer(beam.recipe.Recipe(copy))
    writer.setup()
    writer.process([("20", {"number": 20}), ("28", {"number": 28})])  # as in a bundle that is run again
    writer.teardown()
    with open(copy) as store:
        assert store == {f"{number}": {"number": number} for number in range(20, 29)}


PRIVATE = r"is private to this process, so the workers of a pipeline cannot open it; use .* s3://bucket"
UNSHARED = {
    "memory": (Memory(), PRIVATE),
    "named": ("memory://named", PRIVATE),
    "layered": (Json(Memory()), PRIVATE),
    "sqlite": (SQLite(":memory:"), PRIVATE),
    "secret": ("redis://:hunter2@localhost/0", r"cannot be sent to the workers .*REDISCLI_AUTH"),
}


@pytest.mark.parametrize(("store", "message"), UNSHARED.values(), ids=UNSHARED)
def test_a_store_that_workers_cannot_open_is_refused(beam, store, message):
    public = beam.public
    for make in (public.ReadFromStore, public.WriteToStore, lambda store: public.to_pipeline(summed, store)):
        with pytest.raises(Unsupported, match=message) as caught:
            make(store)
        assert "hunter2" not in str(caught.value)


def test_a_pipeline_shows_which_stores_it_reads_and_writes(beam, tmp_path):
    address = f"sqlite:///{tmp_path}/books.db?checksum=crc32c"
    for transform in (beam.public.ReadFromStore(address, "2026/"), beam.public.to_pipeline(summed, address)):
        shown = beam.run.displayed(transform)
        assert "books.db" in shown["store"]
    assert beam.run.displayed(beam.public.WriteToStore(address)).keys() == {"store"}


def test_options_that_cannot_be_meant_are_refused_before_anything_is_read(beam, store):
    refused = {
        "on_error is 'ignore'": {"on_error": "ignore"},
        "use at or between": {"at": "a", "between": ("a", "b")},
        "group_level is -1": {"group_level": -1},
    }
    for message, options in refused.items():
        with pytest.raises(InvalidQuery, match=message):
            beam.public.to_pipeline(summed, store, **options)
    with pytest.raises(InvalidQuery, match="on_error is 'ignore'"):
        beam.public.ReadFromStore(store, on_error="ignore")
    with pytest.raises(TypeError, match=r"takes a query \(MapReduce\), not a Together"):
        beam.public.to_pipeline(together(summed, summed), store)
