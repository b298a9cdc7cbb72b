"""From address to store: built in, from another package, and unknown."""

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import registry
from holdall.address import Address
from holdall.errors import InvalidAddress


class Elsewhere(holdall.Memory):
    """A store of another package."""

    @classmethod
    def from_address(cls, address: Address) -> "Elsewhere":
        return cls(address.host)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package with two schemes, one of which is ours already."""
    found = [EntryPoint(name, f"{__name__}:Elsewhere", registry.GROUP) for name in ("elsewhere", "memory")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **group: found)


def test_built_in_schemes_open_without_being_installed() -> None:
    assert type(holdall.open("memory://")) is holdall.Memory
    assert {"file", "memory", "sqlite"} <= set(registry.schemes())


def test_a_path_is_a_folder_of_files(tmp_path: Path) -> None:
    for address in (tmp_path, str(tmp_path), f"file://{tmp_path}", Address("file", path=str(tmp_path))):
        assert type(holdall.open(address)) is holdall.File


def test_memory_is_private_or_named() -> None:
    named = holdall.open("memory://registry/a")
    named["a"] = b"1"
    assert holdall.open("memory://registry/a")["a"] == b"1"
    assert "a" not in holdall.open("memory://registry/b")
    assert "a" not in holdall.open("memory://")


@pytest.mark.usefixtures("installed")
def test_another_package_adds_a_scheme() -> None:
    assert type(holdall.open("elsewhere://there")) is Elsewhere
    assert type(holdall.open("elsewhere+transport://there")) is Elsewhere
    assert "elsewhere" in registry.schemes()


@pytest.mark.usefixtures("installed")
def test_another_package_takes_over_none_of_ours() -> None:
    assert type(holdall.open("memory://")) is holdall.Memory
    with pytest.raises(InvalidAddress):
        holdall.open("memory+transport://")


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("sqlit:///a.db", "did you mean 'sqlite'?"),
        ("sqlite+tcp:///a.db", "did you mean 'sqlite'?"),
        ("zzz://a", "choose from"),
        ("memory://?nam=a", "takes none"),
    ],
)
def test_what_is_unknown_is_refused_with_a_remedy(address: str, remedy: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open(address)
    assert remedy in str(refusal.value)


def test_what_is_no_address_at_all_is_refused_by_its_type() -> None:
    for given in (None, b"memory://", 7):
        with pytest.raises(TypeError, match=f"not {type(given).__name__}; is the variable"):
            holdall.open(given)  # type: ignore[call-overload]


def test_a_class_takes_a_path_and_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidAddress, match="takes an address"):
        holdall.File("file:///books")


def test_options_are_parameters() -> None:
    options: dict[str, Any] = {"name": "a"}
    with pytest.raises(InvalidAddress, match="no parameter 'name'"):
        holdall.open("memory://", **options)
