"""The table of a view on stores that can swap one key but not change several at once, such as S3."""

from holdall.query.views.segments.table import SegmentTable

__all__ = ["SegmentTable"]
