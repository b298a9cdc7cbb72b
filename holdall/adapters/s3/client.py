"""The boto3 client: ambient credentials, bounded waits, and settings that S3-like servers accept."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from holdall.adapters._objectstore.names import CONNECTIONS, check_reach
from holdall.adapters._shared.throttle import Pace
from holdall.adapters.s3.entries import register
from holdall.adapters.s3.retries import RetryHandler, end_redirects
from holdall.errors import PermissionDenied
from holdall.extras import needs

with needs("s3"):
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import ClientError

    from holdall.adapters._aws.session import session, survive_interrupts

_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True)
class Options:
    """How to reach the server; `holdall.adapters.s3.S3` documents each option."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    addressing: str = "auto"
    timeout: float = 20
    retries: int = 4
    anon: bool = False

    def __post_init__(self) -> None:
        check_reach("s3", self.endpoint_url, self.timeout, self.retries)


class Connection(NamedTuple):
    """A boto3 session and its client."""

    session: Any
    client: Any


def connect(options: Options, pace: Pace) -> Connection:
    """A connection for ``options``, which reports throttled and answered requests to ``pace``.

    Without ``endpoint_url``, the SDK itself reads AWS_ENDPOINT_URL_S3, then AWS_ENDPOINT_URL.
    """
    made = _session(options)
    client = made.client("s3", endpoint_url=options.endpoint_url, config=_config(options))
    survive_interrupts(client)
    if not is_aws(client):
        # Servers that require no newer checksum still refuse a bulk delete without Content-MD5. And one
        # server stored an empty object when a connection broke off before the body of a PUT; it refuses such
        # a PUT if Content-MD5 is sent.
        for operation in ("DeleteObjects", "PutObject", "UploadPart"):
            client.meta.events.register(f"before-sign.s3.{operation}", _add_md5)
        client.meta.config.request_checksum_calculation = "when_required"
        client.meta.config.response_checksum_validation = "when_required"
    register(client.meta.events)
    client.meta.events.register("needs-retry.s3", RetryHandler(pace, options.retries))
    client.meta.events.register("needs-retry.s3.HeadBucket", end_redirects)
    return Connection(made, client)


def _session(options: Options) -> Any:
    made, core = session(options.profile, options.region)
    # Parsing a listing is 2.5 times as fast if its times stay text.
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    return made


def _config(options: Options) -> Config:
    return Config(
        connect_timeout=options.timeout,
        read_timeout=options.timeout,
        retries={"mode": "standard", "total_max_attempts": options.retries + 1},
        max_pool_connections=CONNECTIONS,
        s3={"addressing_style": options.addressing},
        signature_version=UNSIGNED if options.anon else "s3v4",
    )


def is_aws(client: Any) -> bool:
    """Whether the client's endpoint is Amazon's own."""
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    return host.endswith(_AWS)


def _add_md5(request: Any, **event: Any) -> None:
    body = request.data if isinstance(request.data, bytes) else request.data.getbuffer()
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


def create_bucket(client: Any, bucket: str) -> None:
    """Create ``bucket`` in the client's region, unless this account already owns it.

    Raises PermissionDenied if another account owns it; otherwise raises the client's own errors.
    """
    region = client.meta.region_name
    where = {} if region in (None, "us-east-1") else {"LocationConstraint": region}
    try:
        client.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "BucketAlreadyExists" and is_aws(client):
            message = f"the bucket s3://{bucket} is another account's; choose another name"
            raise PermissionDenied(message) from error
        # Servers without accounts also answer BucketAlreadyExists for a bucket that is ours.
        if code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
