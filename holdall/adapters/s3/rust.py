"""Bulk reads through obstore, which needs a tenth of the processor time that boto3 needs per request.

obstore is a second client. A mock or a tracer of the boto3 client would not see its requests, so it is not
used if there is one. If obstore cannot read an object, the boto3 client reads it, or finds the reason.
"""

from collections.abc import Callable
from datetime import timedelta
from os import getpid
from pathlib import Path
from types import FunctionType
from typing import Any
from urllib.parse import urlsplit

import botocore
from botocore.httpsession import URLLib3Session

from holdall.adapters.s3.client import Connection, Options
from holdall.extras import needs

with needs("rust"):
    import obstore
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

Read = Callable[[str], bytes | None]

_EVENTS = ("before-parameter-build", "before-call", "request-created", "before-sign", "before-send")
_OWN = ("botocore.", "boto3.", "holdall.adapters.s3.")
_SDK = Path(botocore.__file__).parent


def reader(connection: Connection, bucket: str, options: Options) -> Read:
    """A function that returns the bytes of an object in ``bucket``, or None if that fails for any reason."""
    session, client = connection
    place = _place(client, bucket)
    _Process.pid = _Process.pid or getpid()
    store = S3Store(
        bucket,
        **_login(session, options),
        region=client.meta.region_name or "us-east-1",
        client_options={"allow_http": True, "timeout": timedelta(seconds=options.timeout)},
        retry_config={"max_retries": 0},
        **place,
    )

    def read(name: str) -> bytes | None:
        try:
            return bytes(obstore.get(store, name).bytes())
        except (BaseError, OSError, ValueError):
            return None

    return read


def _login(session: Any, options: Options) -> dict[str, Any]:
    if options.anon:
        return {"skip_signature": True}
    return {"credential_provider": Boto3CredentialProvider(session, ttl=timedelta(minutes=5))}


def _place(client: Any, bucket: str) -> dict[str, Any]:
    """The endpoint and URL style of the boto3 client, read from a URL that it signs but does not request."""
    signed = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    url = urlsplit(signed)
    return {
        "endpoint": f"{url.scheme}://{url.netloc}",
        "virtual_hosted_style_request": not url.path.startswith(f"/{bucket}/"),
    }


def may_read(client: Any) -> bool:
    """Whether obstore may be used: only the SDK handles the client's reads, and no parent process used it."""
    return _Process.pid in (0, getpid()) and not is_observed(client)


def is_observed(client: Any) -> bool:
    """Whether a mock, a stub or a tracer takes part in the client's reads.

    >>> from unittest.mock import Mock
    >>> is_observed(Mock())
    True
    """
    if not type(client).__module__.startswith("botocore.") or "get_object" in vars(client):
        return True
    functions = [type(client)._make_api_call, URLLib3Session.send]
    return not all(map(_is_of_sdk, functions)) or any(map(_is_foreign, _handlers(client)))


def _is_of_sdk(function: Any) -> bool:
    return isinstance(function, FunctionType) and _SDK in Path(function.__code__.co_filename).parents


def _is_foreign(handler: Any) -> bool:
    return not (getattr(handler, "__module__", None) or "").startswith(_OWN) or _is_stub(handler)


def _is_stub(handler: Any) -> bool:
    return bool(handler.__module__ == "botocore.stub")


def _handlers(client: Any) -> list[Any]:
    """The handlers that are called before a request is sent. The SDK has no public way to list them."""
    trie = client.meta.events._emitter._handlers
    return [found for event in _EVENTS for found in trie.prefix_search(f"{event}.s3.GetObject")]


class _Process:
    """The first process that used obstore. A forked child lacks the threads that send its requests."""

    pid = 0
