"""Pipelines of Apache Beam for tests. Importing Beam takes a second, so only tests that need it import this."""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from threading import Event
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import split_manager
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.display import DisplayData

from holdall.query.beam.ranges import KeyRange
from tests.query import maps

_kept: dict[str, list[Any]] = {}


def run(build: Callable[[Any], dict[str, Any]], **options: Any) -> dict[str, list[Any]]:
    """Run the pipeline of which ``build`` returns results by name, in this process. Return their elements.

    This is the local runner of Beam. What Beam calls the DirectRunner may download another one first.
    """
    _kept.clear()
    with beam.Pipeline(FnApiRunner(), PipelineOptions([], **options)) as pipeline:
        for name, results in build(pipeline).items():
            _kept[name] = []
            results | f"keep {name}" >> beam.Map(_keep, name)
    return dict(_kept)


def _keep(element: Any, name: str) -> None:
    _kept[name].append(element)


def run_processes(build: Callable[[Any], object]) -> None:
    """Run the pipeline that ``build`` makes in two other processes."""
    options = PipelineOptions([], direct_running_mode="multi_processing", direct_num_workers=2)
    with beam.Pipeline(FnApiRunner(), options) as pipeline:
        build(pipeline)


def expect(results: Any, expected: Any, name: str) -> None:
    """Assert that ``results`` have the reprs of ``expected``, in any order, when a pipeline of processes runs."""
    shown = results | f"show {name}" >> beam.Map(repr)
    assert_that(shown, equal_to([repr(each) for each in expected]), f"expect {name}")


def renamed(old: str, new: str) -> Any:
    """Return a transform that puts ``new`` in the place of ``old`` in the keys of documents."""
    return beam.MapTuple(lambda key, value: (key.replace(old, new), value))


def read(reader: Any, keys: KeyRange | None = None) -> Iterator[Any]:
    """Yield the elements that ``reader`` yields for the range ``keys``, or for all that it is to read."""
    return reader.process(None, reader.create_tracker(keys or reader.initial_restriction(None)))


def rows(
    transform: Any,
    borders: Sequence[str] = (),
    shuffle: Callable[[list[Any]], Iterable[Any]] = reversed,
    accumulators: int = 2,
) -> list[Any]:
    """Return the rows of a query as a runner would that reads ranges with these borders and shuffles the parts."""
    whole = transform._reader.initial_restriction(None)
    ranges = map(KeyRange, [whole.start, *borders], [*borders, whole.stop])
    parts = [part for each in ranges for part in read(transform._reader, each)]
    merge, groups = transform._merge, defaultdict[str, list[Any]](list)
    for number, (name, part) in enumerate(shuffle(parts)):
        held = groups[name]
        if len(held) < accumulators:
            held.append(merge.create_accumulator())
        held[number % len(held)] = merge.add_input(held[number % len(held)], part)
    merged = map(merge.merge_accumulators, groups.values())
    return [row for accumulator in merged for row in merge.extract_output(accumulator)]


def displayed(transform: Any) -> dict[str, str]:
    """Return what monitors show of ``transform``."""
    return {item.key: str(item.value) for item in DisplayData.create_from(transform).items}


reached, split = Event(), Event()


def waiting_for_split(key: str, value: bytes) -> Any:
    """At the document "05", wait until the runner has split the range."""
    if key == "05":
        reached.set()
        assert split.wait(60)
    return maps.by_first(key, value)


def run_split(stage: str, build: Callable[[Any], dict[str, Any]]) -> tuple[dict[str, list[Any]], list[Any]]:
    """Run a pipeline, and split the range of ``stage`` in half at the document "05".

    Return the results and the answers of the worker to the split.
    """
    answers: list[Any] = []
    reached.clear()
    split.clear()

    def manager(elements: int) -> Generator[float | None, Any, None]:
        yield None  # sends the elements to the worker
        if reached.is_set():  # this bundle is the residual
            return
        assert reached.wait(60)
        answers.append((yield 0.5))
        split.set()

    with split_manager(stage, manager):
        # In this mode, the worker reads while the runner splits.
        results = run(build, direct_running_mode="multi_threading")
    return results, answers
