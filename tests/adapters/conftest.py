"""What conformance tests of slow stores share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings


@pytest.fixture(scope="module")
def few_examples() -> Iterator[None]:
    """A tenth of the examples, for stores where each costs many requests or a wait for the disk."""
    profile = settings.get_current_profile_name()
    settings.register_profile("few", max_examples=max(1, settings().max_examples // 10))
    settings.load_profile("few")
    yield
    settings.load_profile(profile)
