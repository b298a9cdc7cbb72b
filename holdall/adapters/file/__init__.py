"""``file:///folder``: a folder with one file for each key, described in `holdall.adapters.file.store`."""

from holdall.adapters.file.store import File

__all__ = ["File"]
