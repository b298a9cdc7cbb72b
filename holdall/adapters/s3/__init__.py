"""``s3://bucket/prefix``: objects of Amazon S3 and of servers that speak its protocol.

Key ``invoices/7`` of the store ``s3://acme/books`` is the object ``books/invoices/7`` in the bucket
``acme``, its name in UTF-8 as it is, its value the body as it is.
"""

from holdall.adapters.s3.store import S3

__all__ = ["S3"]
