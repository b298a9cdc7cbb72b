"""The LMDB store after its writer was killed."""

import pytest

from tests.adapters.kills import check_kills


@pytest.mark.timeout(1200)
def test_what_was_acknowledged_survives_kills(tmp_path):
    check_kills(f"lmdb:{tmp_path}/store?durability=os")
