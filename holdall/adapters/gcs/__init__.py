"""``gs://bucket/prefix``: a store in a bucket of Google Cloud Storage.

Key ``invoices/7`` of the store ``gs://acme/books`` is the object ``books/invoices/7`` in the bucket
``acme``. The object's name is the key in UTF-8, without any escaping, and its body is the unchanged value.
"""

from holdall.adapters.gcs.store import GCS

__all__ = ["GCS"]
