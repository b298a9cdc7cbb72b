"""Servers that ask for the password in the clear, on a connection that is not encrypted."""

import pytest

import holdall
from holdall.errors import PermissionDenied
from tests.servers.greedy import Greedy, greedy

__all__ = ["greedy"]


@pytest.mark.parametrize("tls", ["", "?tls=off"])
def test_a_server_that_asks_for_the_password_in_the_clear_gets_none(greedy: tuple[str, Greedy], tls: str):
    scheme, server = greedy
    with (
        holdall.open(f"{scheme}://app:hunter2@127.0.0.1:{server.port}/acme{tls}") as store,
        pytest.raises(PermissionDenied, match="sent no password, because the connection is not encrypted"),
    ):
        store.get("a")
    assert b"hunter2" not in server.heard
