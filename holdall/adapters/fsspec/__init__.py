"""``fsspec+sftp://host/folder``: a store on any file system of fsspec; its fsspec URL follows ``fsspec+``.

A key is a file below the folder. `holdall.adapters._files.filenames` defines its name, and its content is the value.
"""

from holdall.adapters.fsspec.store import Fsspec

__all__ = ["Fsspec"]
