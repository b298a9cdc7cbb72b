"""Servers that speak TLS: whose certificate is not trusted is sent nothing, and the error says what to see to."""

import pytest

from holdall.adapters.redis import Redis
from holdall.errors import InvalidAddress, Unavailable
from tests.servers import redis, sql, tls

SQL = ["mysql", "postgresql"]


def refusal(store, kind):
    """What is said by the ``kind`` of error that a use of ``store`` raises; no password."""
    with store, pytest.raises(kind) as raised:
        store["a"] = b"1"
    for said in (str(raised.value), repr(raised.value.__cause__)):
        assert redis.PASSWORD not in said
        assert sql.PASSWORD not in said
    return str(raised.value)


def test_a_server_that_the_authority_signed_for_is_trusted(secure):
    with secure.store() as store:
        store["a"] = b"1"
        assert store["a"] == b"1"


@pytest.mark.parametrize(
    ("secure", "cipher"),
    [
        ("mysql", "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"),
        ("postgresql", "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
    ],
    indirect=["secure"],
)  # fmt: skip
def test_what_is_sent_is_encrypted(secure, cipher):
    with secure.store() as store:
        assert store._link.run(lambda connection: connection.exec_driver_sql(cipher).scalar())


@pytest.mark.parametrize("secure", ["redis_server"], indirect=True)
def test_an_authority_for_redis_asks_for_tls(secure):
    port = secure.options(secure.ca)["port"]
    with Redis("localhost", port=port, ca=secure.ca) as store:
        store["a"] = b"1"
    assert "did not answer" in refusal(Redis("localhost", port=port), Unavailable)


def test_another_authority_is_not_trusted(secure, tmp_path):
    other = str(tls.authority(tmp_path))
    assert "not trusted; check the host name" in refusal(secure.store(ca=other), Unavailable)


def test_a_certificate_for_another_host_is_not_trusted(secure):
    assert "not trusted; check the host name" in refusal(secure.store(host="127.0.0.1"), Unavailable)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_named(secure, content, tmp_path):
    ca = tmp_path / "ca.pem"
    if content:
        ca.write_text(content)
    assert str(ca) in refusal(secure.store(ca=str(ca)), InvalidAddress)


@pytest.mark.parametrize("server", SQL)
def test_a_server_without_tls_is_sent_nothing(server, request, tmp_path):
    ca = str(tls.authority(tmp_path))
    refused = "does not speak TLS; enable TLS there, or open the store with ?tls=off"
    running = request.getfixturevalue(server)
    assert refused in refusal(running.store(tls=ca), Unavailable)
    assert refused in refusal(running.store(tls="system"), Unavailable)
    # Another way to write 127.0.0.1, which is not known as this machine.
    assert refused in refusal(running.store(host="127.1"), Unavailable)
    with running.store(host="127.1", tls="off") as store:
        store["a"] = b"1"


@pytest.mark.parametrize("secure", SQL, indirect=True)
def test_an_authority_of_the_system_is_trusted(secure, monkeypatch):
    assert "not trusted" in refusal(secure.running.store(host="localhost", tls="system"), Unavailable)
    monkeypatch.setenv("SSL_CERT_FILE", secure.ca)
    with secure.running.store(host="localhost", tls="system") as store:
        store["a"] = b"1"


@pytest.mark.parametrize("secure", ["postgresql"], indirect=True)
def test_the_environment_of_libpq_decides_if_the_address_does_not(secure, monkeypatch):
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    with secure.running.store(host="localhost", tls=secure.ca) as store:
        store["a"] = b"1"
    monkeypatch.setenv("PGSSLROOTCERT", "/nowhere")
    assert "cannot be verified; check PGSSLROOTCERT" in refusal(
        secure.running.store(host="localhost"), InvalidAddress
    )


def test_a_unix_socket_needs_no_tls(mysql, postgresql):
    for server, host in ((mysql, mysql.daemon._folder / "s"), (postgresql, postgresql.daemon._folder)):
        with server.store(host=str(host)) as store:
            store["a"] = b"1"
            assert store["a"] == b"1"
