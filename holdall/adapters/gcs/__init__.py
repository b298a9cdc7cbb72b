"""``gs://bucket/prefix``: objects of Google Cloud Storage.

Key ``invoices/7`` of the store ``gs://acme/books`` is the object ``books/invoices/7`` in the bucket
``acme``, its name in UTF-8 as it is, its value the body as it is.
"""

from holdall.adapters.gcs.store import GCS

__all__ = ["GCS"]
