"""``s3://bucket/prefix``: a store in a bucket of Amazon S3, or of another server that speaks its protocol.

Key ``invoices/7`` of the store ``s3://acme/books`` is the object ``books/invoices/7`` in the bucket
``acme``. The object's name is the key in UTF-8, without any escaping, and its body is the unchanged value.
"""

from holdall.adapters.s3.store import S3

__all__ = ["S3"]
