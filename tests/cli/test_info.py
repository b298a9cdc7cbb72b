"""What `holdall info` shows: features, and the totals that a store knows without a listing."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import holdall
from holdall.cli.app import app


def shown(uri: str) -> dict[str, str]:
    result = CliRunner().invoke(app, ["info", uri, "--json"])
    assert result.exit_code == 0
    return {each["name"]: each["value"] for each in json.loads(result.output)}


def test_memory_knows_its_number_of_keys() -> None:
    with holdall.open("memory://test-info?serializer=text") as store:
        store.update(dict.fromkeys("abc", "x"))
        found = shown("memory://test-info?serializer=text")
        assert (found.keys(), found["stored keys"]) == (
            {"features", "stored keys"},
            str(len(list(store.raw()))),
        )
        assert "CHANGES" in found["features"].split()


def test_lmdb_knows_about_how_many_keys_it_has(tmp_path: Path) -> None:
    pytest.importorskip("lmdb")
    uri = f"lmdb:{tmp_path}/store?durability=os"
    about = "(with the entries of the change feed)"
    assert shown(uri)["stored keys"] == f"about 0 {about}"
    with holdall.open(uri) as store:
        store.update(dict.fromkeys("abc", b"x"))
        found = shown(uri)
        assert found["stored keys"] == f"about 6 {about}"  # the mark, an epoch and a transaction too
        assert found["used"] == f"about {store._space().used:,} bytes {about}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["sqlite", "file"])
def test_it_makes_no_store(scheme: str, tmp_path: Path) -> None:
    assert shown(f"{scheme}:///{tmp_path}/none").keys() == {"features"}
    assert list(tmp_path.iterdir()) == []
