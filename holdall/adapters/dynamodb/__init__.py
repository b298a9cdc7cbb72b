"""``dynamodb://table/name``: a store in an Amazon DynamoDB table, drawn in `holdall.adapters.dynamodb.items`."""

from holdall.adapters.dynamodb.store import DynamoDB

__all__ = ["DynamoDB"]
