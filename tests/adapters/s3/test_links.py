"""Presigned links: they read one value without credentials, for the time that they name."""

import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

from holdall import S3, Invalid, InvalidKey, PermissionDenied
from tests.servers.s3 import SECRET, Server

KEYS = ["a/b c", "é/ü+&%", "plain"]


def fetched(link: str) -> bytes:
    with urllib.request.urlopen(link) as answer:
        found: bytes = answer.read()
    return found


@pytest.mark.servers
def test_a_link_reads_its_value_and_no_other(seaweed: Server) -> None:
    with seaweed.store(prefix="books") as store:
        for key in KEYS:
            store[key] = key.encode()
            assert fetched(store.url(key)) == key.encode()
        link = store.url("plain").replace("plain", "a/b%20c")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(link)


def test_a_link_names_its_time_and_its_secret_is_not_shown(moto: Server) -> None:
    with moto.store(prefix="books") as store:
        link = urlsplit(store.url("missing", 90.5))
        given = parse_qs(link.query)
        assert (link.scheme, link.path) == ("https", "/books/missing")
        assert (given["X-Amz-Expires"], len(given["X-Amz-Signature"][0])) == (["90"], 64)
        assert SECRET not in store.url("missing")
        assert "Signature" not in repr(store)


@pytest.mark.parametrize("expires", [0, -1, 0.5, 7 * 24 * 3600 + 1, float("nan"), float("inf")])
def test_a_link_is_valid_for_up_to_a_week(expires: float) -> None:
    with pytest.raises(Invalid, match="7 days"):
        S3("acme", region="eu-west-1").url("key", expires)


def test_a_link_needs_a_key_and_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidKey):
        S3("acme", region="eu-west-1").url("../key")
    with pytest.raises(PermissionDenied, match="without anon"):
        S3("acme", region="eu-west-1", anon=True).url("key")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(PermissionDenied, match="no credentials"):
        S3("acme", region="eu-west-1").url("key")
