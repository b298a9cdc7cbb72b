"""Sessions of Amazon's SDK, as its adapters open them."""

import functools
from typing import Any

from holdall.extras import needs

with needs("s3"):
    import boto3
    import botocore.session
    from botocore.loaders import create_loader


def session(profile: str | None, region: str | None) -> tuple[boto3.Session, Any]:
    """A session for ``profile`` in ``region``, else those of the environment; and the core beneath it."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return boto3.Session(botocore_session=core, profile_name=profile, region_name=region), core


@functools.cache
def _loader(path: str | None) -> Any:
    """The SDK's descriptions of its services: parsed once, as that takes longer than a request."""
    return create_loader(path)
