"""How many examples hypothesis draws where each is many requests, or a wait for the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import Phase, settings


@contextmanager
def few(count: int, *, shrinks: bool = True) -> Iterator[None]:
    """``count`` examples; ``shrinks``: where one fails, a smaller one is looked for, by many more."""
    profile = settings.get_current_profile_name()
    phases = [phase for phase in Phase if shrinks or phase != Phase.shrink]
    settings.register_profile(f"{profile}, few", max_examples=count, phases=phases)
    settings.load_profile(f"{profile}, few")
    yield
    settings.load_profile(profile)


def share(part: int) -> int:
    """A ``part``-th of the examples of other tests; one at least."""
    return max(1, settings().max_examples // part)
