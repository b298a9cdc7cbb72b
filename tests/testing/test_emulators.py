"""Servers for tests that start although somebody is in their way."""

import socket

import pytest

from holdall.testing import emulators


def test_a_port_that_was_taken_before_its_server_could_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ports = iter([taken.getsockname()[1], emulators._free_port()])
        monkeypatch.setattr(emulators, "_free_port", lambda: next(ports))
        with emulators.gcs_server() as host:
            assert host != f"http://127.0.0.1:{taken.getsockname()[1]}"
