"""The servers, as fixtures of these tests."""

from tests.servers.gcs import fake_gcs

__all__ = ["fake_gcs"]
