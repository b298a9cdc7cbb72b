"""Interrupts at any moment of the work of stores that keep connections to a server."""

import pytest

from tests.adapters.signals import check_interrupts
from tests.soak import SOAK

SERVERS = [
    "redis_server", "postgresql", "mysql", "dynamodb", "moto_server", "seaweed", "fake_gcs", "sftp_server",
    "ftp_server", "azurite",
]  # fmt: skip


# An interrupt can leave an open file or a generator to the garbage collector, which says so.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",  # in a thread of paramiko's
)
@pytest.mark.timeout(900 if SOAK else 300)
@pytest.mark.parametrize("server", SERVERS)
def test_after_an_interrupt_every_key_has_its_own_value(server, request):
    with request.getfixturevalue(server).store() as store:
        check_interrupts(store)
