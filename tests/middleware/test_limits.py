"""Limits are exact: what is as large as a limit allows is taken, and one byte more is refused."""

from pathlib import Path
from typing import Any

import pytest

from holdall import Corrupt, Gzip, Lzma, Memory, PermissionDenied, TooLarge, Zstd
from holdall.middleware.manifest import Manifest
from holdall.private import LONGEST, read_secret

LIMIT = 1000


@pytest.mark.parametrize("layer", [Gzip, Lzma, Zstd])
def test_a_value_of_max_size_is_written_and_read_and_no_larger_one(layer: Any) -> None:
    below = Memory()
    store, roomy = layer(below, max_size=LIMIT), layer(below, max_size=LIMIT + 1)
    store["exact"] = bytes(LIMIT)
    roomy["over"] = bytes(LIMIT + 1)
    assert (store["exact"], roomy["over"]) == (bytes(LIMIT), bytes(LIMIT + 1))
    with pytest.raises(TooLarge):
        store["over"] = bytes(LIMIT + 1)
    with pytest.raises(Corrupt, match=f"max_size, which is {LIMIT:,} bytes"):
        store["over"]


def test_a_secret_is_read_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.touch(0o600)
    for size, is_taken in ((LONGEST, True), (LONGEST + 1, False)):
        path.write_bytes(b"k" * size)
        monkeypatch.setenv("HOLDALL_LIMIT", "k" * size)
        for source in (f"file:{path}", "env:HOLDALL_LIMIT"):
            if is_taken:
                assert read_secret(source, "keys") == b"k" * size
            else:
                with pytest.raises(PermissionDenied, match="holds more than 65,536 bytes"):
                    read_secret(source, "keys")


def test_a_manifest_is_read_up_to_its_limit() -> None:
    manifest = Manifest(("serializer=json",))
    data = manifest.dump()
    assert Manifest.load(data.ljust(1 << 16)) == manifest
    with pytest.raises(Corrupt):
        Manifest.load(data.ljust((1 << 16) + 1))
