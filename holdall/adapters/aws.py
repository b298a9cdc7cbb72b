"""What the adapters of Amazon's services share of its SDK: sessions, and the code in an error.

Whoever imports this says which extra brings the SDK.
"""

import functools
from typing import Any

import boto3
import botocore.session
from botocore.exceptions import ClientError
from botocore.loaders import create_loader

from holdall.adapters.idle import with_idle


def session(profile: str | None, region: str | None) -> tuple[boto3.Session, Any]:
    """A session for ``profile`` in ``region``, else those of the environment; and the core beneath it."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return boto3.Session(botocore_session=core, profile_name=profile, region_name=region), core


def survive_interrupts(client: Any) -> None:
    """Let ``client`` keep its connections in a way that no interrupt can lock. The SDK has no public way to."""
    pools = client._endpoint.http_session._pool_classes_by_scheme
    pools.update(with_idle(pools))


@functools.cache
def _loader(path: str | None) -> Any:
    """The SDK's descriptions of its services: parsed once, as that takes longer than a request."""
    return create_loader(path)


def code_of(error: BaseException | None) -> str:
    """The error code in an answer of the server; empty for any other exception."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""
