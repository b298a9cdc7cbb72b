"""Signed links: the key of a service account signs them, and they name their time."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from holdall import GCS, Invalid, InvalidKey, PermissionDenied


@pytest.fixture
def service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The file of a key of a service account, which no server knows."""
    private = generate_private_key(65537, 2048)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "project_id": "acme",
        "private_key_id": "1",
        "private_key": text,
        "client_email": "books@acme.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    return text


def test_a_link_names_its_object_and_its_time(service_account: str) -> None:
    with GCS("acme", "books") as store:
        link = urlsplit(store.url("a/b c é", 90.5))
        given = parse_qs(link.query)
        assert (link.scheme, link.netloc) == ("https", "storage.googleapis.com")
        assert link.path == "/acme/books/a/b%20c%20%C3%A9"
        assert given["X-Goog-Expires"] == ["90"]
        assert given["X-Goog-Credential"][0].startswith("books@acme.iam.gserviceaccount.com/")
        assert len(given["X-Goog-Signature"][0]) == 512
        with pytest.raises(Invalid, match="7 days"):
            store.url("key", 7 * 24 * 3600 + 1)
        with pytest.raises(InvalidKey):
            store.url("../key")


@pytest.mark.parametrize("options", [{"anon": True}, {"endpoint_url": "http://127.0.0.1:1"}])
def test_a_link_needs_the_key_of_a_service_account(options: dict[str, object]) -> None:
    with (
        GCS("acme", **options) as store,  # type: ignore[arg-type]
        pytest.raises(PermissionDenied, match="GOOGLE_APPLICATION_CREDENTIALS"),
    ):
        store.url("key")
