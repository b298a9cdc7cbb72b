"""The servers, as fixtures of these tests."""

from tests.servers.s3 import credentials, localstack, moto, moto_server, rclone, seaweed, transport, unmocked

__all__ = ["credentials", "localstack", "moto", "moto_server", "rclone", "seaweed", "transport", "unmocked"]
