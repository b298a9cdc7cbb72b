"""Where and how a boto3 client reaches its server, for a second client that must reach the same server."""

from os import environ
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_ENCRYPTION = ("AWS_SERVER_SIDE_ENCRYPTION", "AWS_SSE_")
"""The beginnings of variables that obstore obeys, that boto3 ignores, and that no option of obstore turns off."""


class Place(NamedTuple):
    """The address of a server. It names the bucket already if ``virtual`` is true."""

    endpoint: str
    virtual: bool

    @property
    def host(self) -> str:
        """The name or the IP address of the server."""
        return urlsplit(self.endpoint).hostname or ""


def find_place(client: Any, bucket: str) -> Place:
    """The place to which the boto3 ``client`` sends the requests about ``bucket``, from a URL that it signs.

    Raises ValueError if obstore would not send the same requests to the same server.
    """
    if any(name.startswith(_ENCRYPTION) for name in environ):
        raise ValueError("obstore would ask the server to encrypt")
    url = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    path, base = url.path.removesuffix("/k"), urlsplit(client.meta.endpoint_url).path.rstrip("/")
    if path not in (base, f"{base}/{bucket}"):
        raise ValueError(f"the bucket has an address of another form: {path}")
    session = client._endpoint.http_session
    if session._proxy_config.proxy_url_for(client.meta.endpoint_url):
        raise ValueError("boto3 uses a proxy, and obstore has other rules for proxies")
    if url.scheme == "https" and session._verify is not True:
        raise ValueError("boto3 trusts other certificates than obstore")
    return Place(f"{url.scheme}://{url.netloc}{base}", virtual=path == base)
