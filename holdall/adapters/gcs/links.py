"""Signed links to objects in Google Cloud Storage."""

from datetime import timedelta
from typing import cast

from holdall.adapters.gcs.bucket import GCSBucket
from holdall.adapters.gcs.errors import RAISED, translate
from holdall.errors import PermissionDenied
from holdall.extras import needs

with needs("gcs"):
    from google.auth.credentials import Signing


def sign(bucket: GCSBucket, key: str, seconds: int) -> str:
    """Return a link that reads ``key`` for ``seconds``. It costs no request."""
    connection = bucket.connection
    credentials = connection.session.credentials
    if not isinstance(credentials, Signing):
        raise PermissionDenied(
            f"gs://{bucket.name} was opened with credentials that cannot sign a link to {key!r}: they are not the key "
            "of a service account; set GOOGLE_APPLICATION_CREDENTIALS to the file of such a key",
            key=key,
        )
    try:
        link = bucket.blob(connection, key).generate_signed_url(
            timedelta(seconds=seconds),
            api_access_endpoint=connection.client.api_endpoint,
            credentials=credentials,
            method="GET",
            version="v4",
        )
    except RAISED as error:  # some credentials ask a server to sign
        raise translate(error, bucket.name, key) from error
    return cast(str, link)
