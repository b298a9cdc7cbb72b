"""Stores of Shove and fsspec on this machine's disk, after their writer was killed."""

import pytest

from tests.adapters.kills import check_kills
from tests.soak import SOAK


@pytest.mark.parametrize("bridge", ["shove+file", *(["shove+lite"] if SOAK else []), "fsspec+file"])
def test_a_killed_writer_leaves_whole_values(bridge, tmp_path):
    check_kills(f"{bridge}://{tmp_path}/store")
