"""``fsspec+sftp://host/folder`` and every other file system of fsspec, its own address after ``fsspec+``.

A key is a file below the folder, named as `holdall.adapters.filenames` says, its content the value.
"""

from holdall.adapters.fsspec.store import Fsspec

__all__ = ["Fsspec"]
