"""Times and sizes in addresses: each unit, and what is neither."""

import math

import pytest

from holdall.configuration.values import duration, seconds, size

DURATIONS = {
    "0": 0,
    "90": 90,
    "1.5": 1.5,
    "90s": 90,
    "2m": 120,
    "1.5h": 5400,
    "1d": 86400,
    "0.25d": 21600,
}
SIZES = {
    "0": 0,
    "1000": 1000,
    "1.5KB": 1500,
    "1kb": 1000,
    "3MB": 3_000_000,
    "2GB": 2_000_000_000,
    "1KiB": 1024,
    "1.5MiB": 1_572_864,
    "2gib": 2_147_483_648,
}


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_is_in_seconds(text: str) -> None:
    assert duration(text) == seconds(text) == DURATIONS[text]


def test_a_duration_may_have_no_end() -> None:
    assert duration("never") is None
    assert seconds("never") == math.inf


@pytest.mark.parametrize(
    "text", ["", "s", "-1", "1w", "1 d", "1.d", ".5", "1e3", "inf", "Never", "1ss", "٣", "1\n"]
)
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    for read in (duration, seconds):
        with pytest.raises(ValueError):  # noqa: PT011 - the caller words the error
            read(text)


@pytest.mark.parametrize("text", SIZES)
def test_a_size_is_in_bytes(text: str) -> None:
    assert size(text) == SIZES[text]


@pytest.mark.parametrize("text", ["", "MB", "2B", "-1", "1TB", "1 MB", "1K", "1KBB", ".5MB", "1e3", "٣"])
def test_what_is_not_a_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller words the error
        size(text)
