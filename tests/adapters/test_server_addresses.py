"""Addresses of stores on servers: what each means, what is refused, and that no password shows. No server runs."""

import pickle

import pytest

import holdall
from holdall.errors import InvalidAddress, TooLarge

OPENED = {
    "redis://": "Redis(db=0)",
    "redis://cache.example": "Redis(db=0, host='cache.example')",
    "redis://cache.example:6380/2?prefix=books&timeout=3": (
        "Redis(db=2, host='cache.example', port=6380, prefix='books', timeout=3.0)"
    ),
    "redis://app:hunter2@cache.example": ("Redis(db=0, host='cache.example', user='app', password='***')"),
    "rediss://cache.example?ca=ca.pem": "Redis(db=0, host='cache.example', tls=True, ca='ca.pem')",
    "redis://[::1]:6380": "Redis(db=0, host='::1', port=6380)",
    "postgresql://[fe80::1%25eth0]/acme": "PostgreSQL(database='acme', host='fe80::1%eth0')",
    "postgresql://%2Frun%2Fpostgresql/acme": "PostgreSQL(database='acme', host='/run/postgresql')",
    "postgresql://db.example/acme?table=books": "PostgreSQL(database='acme', host='db.example', table='books')",
    "postgresql://app:hunter2@db.example:5433/acme?create=true": (
        "PostgreSQL(database='acme', host='db.example', port=5433, user='app', password='***', create=True)"
    ),
    "mysql://app@db.example/acme?timeout=2": (
        "MySQL(database='acme', host='db.example', user='app', timeout=2.0)"
    ),
    "mysql://db.example/acme?tls=off": "MySQL(database='acme', host='db.example', tls='off')",
    "mysql://%2Frun%2Fmysqld.sock/acme": "MySQL(database='acme', host='/run/mysqld.sock')",
    "postgresql://db.example/acme?tls=ca.pem": "PostgreSQL(database='acme', host='db.example', tls='ca.pem')",
    "mysql://app:hunter2@db.example/acme": (
        "MySQL(database='acme', host='db.example', user='app', password='***')"
    ),
    "dynamodb://acme": "DynamoDB('acme', 'main')",
    "dynamodb://acme/books?region=eu-west-1&retries=0": (
        "DynamoDB('acme', 'books', region='eu-west-1', retries=0)"
    ),
}


@pytest.mark.parametrize("address", OPENED)
def test_an_address_opens(address):
    with holdall.open(address) as store:
        assert repr(store) == OPENED[address]


REFUSED = {
    "redis://cache..example": "host",
    f"postgresql://{'x' * 64}.example/acme": "host",
    "mysql://.example/acme": "host",
    "redis://cache.example/books": "prefix",
    "redis://cache.example/-1": "number",
    "redis://cache.example?prefix=": "prefix",
    "redis://cache.example?timeout=0": "timeout",
    "redis://cache.example?ca=ca.pem": "ca",
    "redis://cache.example?tabel=x": "no parameter",
    "postgresql://db.example": "database",
    "postgresql:///acme": "server",
    "postgresql://db.example/acme?table=a;drop": "table",
    "postgresql://db.example/acme?timeout=nan": "timeout",
    "mysql://db.example": "database",
    "mysql://db.example/acme?table=": "table",
    "mysql://db.example/acme?tls=": "write tls=system, tls=off, or tls=FILE",
    "postgresql://db.example/acme?tls=": "write tls=system, tls=off, or tls=FILE",
    "mysql://db.example/acme?ca=ca.pem": "no parameter",
    "dynamodb://": "table",
    "dynamodb://key:secret@acme/books": "credentials",
    "dynamodb://acme/a//b": "name",
    "dynamodb://acme/books?endpoint_url=ftp://x": "endpoint_url",
    "dynamodb://acme/books?retries=-1": "retries",
}


@pytest.mark.parametrize("address", REFUSED)
def test_what_cannot_be_meant_is_refused_and_says_why(address):
    with pytest.raises(InvalidAddress, match=REFUSED[address]) as refusal:
        holdall.open(address)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "mysql://db.example/acme?tls=nowhere",
        "postgresql://db.example/acme?tls=nowhere",
        "rediss://cache.example?ca=nowhere",
    ],
)
def test_without_a_file_of_certificates_no_server_is_asked(address):
    with holdall.open(address) as store, pytest.raises(InvalidAddress, match="='nowhere' is not a file"):
        store.get("a")


@pytest.mark.parametrize("address", ["redis://:a@h", "postgresql://:a@h/acme", "mysql://:a@h/acme"])
def test_a_password_given_in_python_takes_the_place_of_the_one_in_the_address(address):
    with holdall.open(address, password="b") as store:
        assert store._password == "b"


GIVEN = {
    "redis://:hunter2@cache.example": "REDISCLI_AUTH",
    "postgresql://app:hunter2@db.example/acme": "PGPASSWORD",
    "mysql://app:hunter2@db.example/acme": "MYSQL_PWD",
}


@pytest.mark.parametrize("address", GIVEN)
def test_a_password_is_shown_nowhere_and_pickled_nowhere(address):
    with holdall.open(address) as store:
        assert "hunter2" not in repr(store)
        with pytest.raises(TypeError, match=GIVEN[address]) as refusal:
            pickle.dumps(store)
        assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1", "dynamodb://acme?region=eu-west-1"])
def test_a_value_over_the_limit_is_refused_before_any_request(address):
    with holdall.open(address) as store:
        large = bytes(2**29 + 1)  # of zeros, which the system hands out without writing them
        for call in (
            lambda: store.__setitem__("a", large),
            lambda: store.set_many([("b", large)]),
            lambda: store.swap("a", large, holdall.ABSENT),
            lambda: store.transact([holdall.Put("a", large)]),
        ):
            with pytest.raises(TooLarge, match=r"'[ab]'"):
                call()
