"""Presigned links to objects in S3."""

from typing import cast

from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.errors import RAISED, translate
from holdall.errors import PermissionDenied


def sign(bucket: S3Bucket, key: str, seconds: int) -> str:
    """Return a link that reads ``key`` for ``seconds``. It costs no request."""
    if bucket.options.anon:
        raise PermissionDenied(
            f"s3://{bucket.name} was opened with anon, so no credentials can sign a link to {key!r}; "
            "open it without anon, or use the public address of the object",
            key=key,
        )
    name = {"Bucket": bucket.name, "Key": bucket.root + key}
    try:
        link = bucket.connection.client.generate_presigned_url("get_object", Params=name, ExpiresIn=seconds)
    except RAISED as error:
        raise translate(error, bucket.name, key) from error
    return cast(str, link)
