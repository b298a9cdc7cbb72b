"""Writes the documents of a pipeline to a store."""

from typing import Any

from holdall.extras import needs
from holdall.query.beam.recipe import Recipe
from holdall.store import Store

with needs("beam"):
    import apache_beam as beam
    from apache_beam.pvalue import PCollection

_LEAST, _MOST = 100, 1_000  # documents per batch


class WriteToStore(beam.PTransform[PCollection[tuple[str, Any]], PCollection[None]]):
    """Writes pairs (key, value) to ``store``, which is a store or its address, in batches by `set_many`.

    Each worker opens the store itself, as for `ReadFromStore`. The result is an empty PCollection, for which
    other transforms can wait.

    Beam runs a bundle again if its worker dies. Then the documents of the bundle are written again: a write
    replaces the value of its key, so the store is the same afterwards, if the transforms before this one
    yield the same pairs again. If they may not, put ``beam.Reshuffle()`` before this transform. A store that
    keeps history has one more revision of each document that was written again.

    If the pipeline fails, the documents of some bundles are written and the others are not. Write every key
    once: of several values for one key, any of them may remain.
    """

    def __init__(self, store: Store[Any] | str) -> None:
        super().__init__()
        self._recipe = Recipe(store)

    def expand(self, input_or_inputs: PCollection[tuple[str, Any]]) -> Any:
        batches = input_or_inputs | beam.BatchElements(_LEAST, _MOST)
        return batches | beam.ParDo(_Writer(self._recipe))

    def display_data(self) -> dict[str, str]:
        return {"store": repr(self._recipe)}


class _Writer(beam.DoFn):
    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def setup(self) -> None:
        self._store = self._recipe.open()

    def process(self, element: list[tuple[str, Any]]) -> None:
        self._store.set_many(element)

    def teardown(self) -> None:
        self._store.close()
