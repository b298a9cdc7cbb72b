"""Files on an SSH server, by SFTP. Only known hosts are trusted, and every wait is bounded."""

from pathlib import Path
from typing import Any

from holdall.adapters.fsspec.tree import Tree
from holdall.errors import MissingExtra, PermissionDenied
from holdall.ranges import ByteRange
from holdall.store import Feature
from holdall.threads import Call, Workers

try:
    import paramiko
    from fsspec.implementations.sftp import SFTPFileSystem
except ModuleNotFoundError as error:
    raise MissingExtra(f"{error.name} is not installed; pip install 'holdall[fsspec]' paramiko") from error


class _Refuse(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        remedy = "check the key, then add it to known_hosts (see ssh-keyscan)"
        raise PermissionDenied(f"the server {hostname} has an unknown {key.get_name()} key; {remedy}")


class SFTPFiles(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's SFTP file system, restricted to the servers in ``known_hosts``. fsspec's own trusts any server.

    ``timeout`` (seconds) bounds the connection and each wait for an answer. Without ``password`` and
    ``key_filename``, the login uses SSH's agent and the keys in ``~/.ssh``.
    """

    def __init__(
        self,
        host: str,
        *,
        port: int = 22,
        username: str | None = None,
        password: str | None = None,
        key_filename: str | None = None,
        known_hosts: str = "~/.ssh/known_hosts",
        timeout: float = 20,
    ) -> None:
        self._known_hosts = Path(known_hosts).expanduser()
        super().__init__(
            host,
            port=port,
            username=username,
            password=password,
            key_filename=key_filename,
            timeout=timeout,
            banner_timeout=timeout,
            auth_timeout=timeout,
        )

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(_Refuse())
        if self._known_hosts.exists():
            self.client.load_host_keys(str(self._known_hosts))
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp: Any = self.client.open_sftp()
            self.ftp.get_channel().settimeout(self.ssh_kwargs["timeout"])
        except BaseException:
            self.client.close()
            raise


class SFTP(Tree):
    """A tree on an SSH server. A rename there replaces the old value by the new (OpenSSH's posix-rename)."""

    features = Feature.SHARED | Feature.DURABLE | Feature.RANGES

    def read(self, name: str) -> bytes:
        with self.fs.ftp.open(self.path(name), "rb") as file:
            file.prefetch()
            data: bytes = file.read()
        return data

    def read_part(self, name: str, part: ByteRange) -> bytes:
        with self.fs.ftp.open(self.path(name), "rb") as file:
            start, length = part.within(file.stat().st_size)
            return b"".join(file.readv([(start, length)])) if length else b""

    def size(self, name: str) -> int:
        found: int = self.fs.ftp.stat(self.path(name)).st_size
        return found

    def close(self) -> None:
        # Paramiko's close waits for a thread of Paramiko. A thread that is ending, and closes its connection
        # here, cannot wait without leaving an entry in the list of running threads. So a worker closes it.
        Workers(1).submit(Call(self.fs.client.close))

    def _put(self, name: str, value: Any) -> None:
        with self.fs.ftp.open(self.path(name), "wb") as file:
            file.set_pipelined(True)
            file.write(value)

    def _mkdir(self, path: str) -> None:
        self.fs.ftp.mkdir(path)

    def _delete(self, name: str) -> None:
        self.fs.ftp.remove(self.path(name))
