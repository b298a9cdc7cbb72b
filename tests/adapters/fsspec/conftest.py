"""The servers, as fixtures of these tests."""

from tests.servers.files import azurite, ftp_server, sftp_server

__all__ = ["azurite", "ftp_server", "sftp_server"]
