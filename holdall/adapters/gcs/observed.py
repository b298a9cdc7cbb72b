"""Whether a test or a tracer takes part in the requests of Google's client. Then the client itself sends them."""

from holdall.adapters.gcs.client import Connection
from holdall.adapters.gcs.originals import Originals
from holdall.extras import needs

with needs("gcs"):
    import google.cloud._http
    import google.cloud.storage
    from google.cloud.storage import Blob, Bucket, Client, _opentelemetry_tracing
    from google.cloud.storage._http import Connection as ClientConnection

# The methods of the client that take part in a request, and that the adapter's own requests do not use.
_methods = Originals(
    (google.cloud.storage, google.cloud._http),
    {
        Client: ("bucket", "list_blobs", "_get_resource", "_list_resource", "_delete_resource"),
        ClientConnection: ("api_request", "_make_request", "_do_request"),
        Bucket: ("blob", "delete_blob"),
        Blob: ("reload", "delete", "upload_from_file", "_do_upload", "_do_multipart_upload"),
    },
)


def is_observed(connection: Connection) -> bool:
    """Whether a mock, a wrapper or a tracer is in the way of the requests of the client.

    >>> from unittest.mock import Mock
    >>> is_observed(Connection(Mock(), Mock()))
    True
    """
    client = connection.client
    return (
        type(client) is not Client
        or client._http is not connection.session
        or (_opentelemetry_tracing.HAS_OPENTELEMETRY and _opentelemetry_tracing.enable_otel_traces)
        or not _methods.are_intact(client, client._base_connection)
    )
