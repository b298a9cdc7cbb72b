"""Views: results of queries that are kept, and brought up to date from the changes of the store."""

from holdall.query.views.several import Views
from holdall.query.views.view import View

__all__ = ["View", "Views"]
