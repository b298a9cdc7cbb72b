"""Files on an FTP server, with requests that tell a refusal from a missing file."""

import ftplib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TypeVar

from holdall.adapters.fsspec.tree import Tree, TreeEntry
from holdall.store import Feature

T = TypeVar("T")

_PERHAPS_MISSING = ("501", "550")
_ATTEMPTS = 4


class FTP(Tree):
    """A tree on an FTP server.

    The server gives the same reply for a missing file and for a forbidden one, so a listing finds out which
    it is.

    A rename on the server replaces the old value with the new one. A server that refuses to rename to an
    existing name, or that has no machine-readable listings (RFC 3659, section 7), cannot hold a store.
    """

    features = Feature.SHARED | Feature.DURABLE
    missing = (ftplib.error_perm,)

    def read(self, name: str) -> bytes:
        return self._ask(name, self._get)

    def size(self, name: str) -> int:
        return self._ask(name, self._get_size)

    def _get_size(self, path: str) -> int:
        self.fs.ftp.voidcmd("TYPE I")  # the size of the file as it is stored, not as text
        return self.fs.ftp.size(path) or 0

    def list_folder(self, folder: str) -> Iterator[TreeEntry]:
        found = self._ask(folder, self._entries)
        return (TreeEntry(name, kind == "dir") for name, kind in found if kind in ("dir", "file"))

    def close(self) -> None:
        self.fs.ftp.close()

    def _ask(self, name: str, work: Callable[[str], T], attempts: int = _ATTEMPTS) -> T:
        """The result of ``work`` on the path of ``name``.

        If ``work`` does not find a file that a listing then shows, the file may have been written in between,
        so ``work`` is called again, up to ``attempts`` times in all.
        """
        path = self.path(name)
        try:
            return work(path)
        except ftplib.error_perm as error:
            if error.args[0][:3] not in _PERHAPS_MISSING:
                raise
            if self._is_missing(path):
                raise FileNotFoundError(name) from error
            if attempts == 1:
                raise
        return self._ask(name, work, attempts - 1)

    def _is_missing(self, path: str) -> bool:
        above, _, name = path.rpartition("/")
        if not name:
            return False
        try:
            return name not in dict(self._entries(above))
        except ftplib.error_perm:
            return self._is_missing(above)

    def _entries(self, path: str) -> list[tuple[str, str]]:
        return [
            (name.rpartition("/")[2], facts["type"].lower()) for name, facts in self.fs.ftp.mlsd(path or "/")
        ]

    def _get(self, path: str) -> bytes:
        data = BytesIO()
        self.fs.ftp.retrbinary(f"RETR {path}", data.write)
        return data.getvalue()

    def _put(self, name: str, value: bytes) -> None:
        self.fs.ftp.storbinary(f"STOR {self.path(name)}", BytesIO(value))

    def _move(self, old: str, new: str) -> None:
        self.fs.ftp.rename(self.path(old), self.path(new))

    def _is_folder(self, path: str) -> bool:
        try:
            self.fs.ftp.cwd(path)
        except ftplib.error_perm:
            return False
        return True

    def _mkdir(self, path: str) -> None:
        self.fs.ftp.mkd(path)

    def _delete(self, name: str) -> None:
        self._ask(name, self.fs.ftp.delete)
