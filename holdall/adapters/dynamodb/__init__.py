"""``dynamodb://table/name``: a store in a table of Amazon DynamoDB, drawn in `holdall.adapters.dynamodb.items`."""

from holdall.adapters.dynamodb.store import DynamoDB

__all__ = ["DynamoDB"]
