"""Shared by the adapters of Amazon's services: sessions of its SDK, and the code in an error.

A module that imports this one names the extra that installs the SDK.
"""

import functools
from typing import Any

import boto3
import botocore.session
from botocore.exceptions import ClientError
from botocore.loaders import create_loader

from holdall.adapters._shared.urllib3_pools import with_idle


def session(profile: str | None, region: str | None) -> tuple[boto3.Session, Any]:
    """A session for ``profile`` in ``region`` (None: as the environment says), and its botocore session."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return boto3.Session(botocore_session=core, profile_name=profile, region_name=region), core


def survive_interrupts(client: Any) -> None:
    """Give ``client`` connection pools that no interrupt can leave locked.

    The SDK has no public way to do this.
    """
    pools = client._endpoint.http_session._pool_classes_by_scheme
    pools.update(with_idle(pools))


@functools.cache
def _loader(path: str | None) -> Any:
    """The loader of the SDK's service descriptions, kept because parsing them takes longer than a request."""
    return create_loader(path)


def code_of(error: BaseException | None) -> str:
    """The server's error code in ``error``; empty for an exception that is not an answer of the server."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""
