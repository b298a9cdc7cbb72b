"""What conformance tests of slow stores share."""

from collections.abc import Iterator

import pytest

from tests.examples import few, share


@pytest.fixture(scope="module")
def few_examples() -> Iterator[None]:
    """A tenth of the examples, for stores where each costs many requests or a wait for the disk."""
    with few(share(10)):
        yield
