"""Find the fsspec file system of an address, and the tree that holdall uses for its protocol."""

import inspect
from collections.abc import Callable
from functools import partial
from importlib import import_module
from os import getpid
from typing import Any, cast
from urllib.parse import quote, unquote

from holdall.adapters._files.paths import absolute
from holdall.adapters.fsspec.tree import Tree
from holdall.address import Address, Converter, flag, suggest
from holdall.errors import InvalidAddress, MissingExtra
from holdall.extras import needs
from holdall.handles import PerProcess

with needs("fsspec"):
    import fsspec
    from fsspec.asyn import reset_after_fork

_HERE = "holdall.adapters.fsspec."
_TREES = {
    "abfs": "azure:Azure",
    "abfss": "azure:Azure",
    "az": "azure:Azure",
    "file": "guarded:Local",
    "ftp": "ftp:FTP",
    "local": "guarded:Local",
    "memory": "guarded:Memory",
    "sftp": "sftp:SFTP",
    "ssh": "sftp:SFTP",
}
_SYSTEMS = {"sftp": "sftp:SFTPFiles", "ssh": "sftp:SFTPFiles"}


def _ours(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(_HERE + module), attribute)


def kind(protocol: str) -> type[Tree]:
    """The class of trees for ``protocol``: `Tree` itself if holdall knows nothing more about it."""
    return cast(type[Tree], _ours(_TREES[protocol])) if protocol in _TREES else Tree


def system(protocol: str) -> Any:
    """The class of file systems for ``protocol``.

    Raises InvalidAddress if fsspec does not know the protocol, and MissingExtra if its library is not
    installed.
    """
    if protocol in _SYSTEMS:
        return _ours(_SYSTEMS[protocol])
    try:
        return fsspec.get_filesystem_class(protocol)
    except ValueError:
        known = fsspec.available_protocols()
        raise InvalidAddress(
            f"fsspec: the protocol {protocol!r} is not known; {suggest(protocol, known)}"
        ) from None
    except ImportError as error:
        raise MissingExtra(f"fsspec+{protocol}: {error}") from error


def connector(address: Address, timeout: float) -> Callable[[], Tree]:
    """A function that connects to the file system at ``address``.

    Checks the address as far as that is possible without connecting.
    """
    protocol = address.scheme
    made = system(protocol)
    taken = inspect.signature(made.__init__).parameters
    options = address.options(
        **{name: _converter(each.default) for name, each in taken.items() if _takes_keyword(each)}
    )
    options |= {name: timeout for name in ("timeout", "connection_timeout", "read_timeout") if name in taken}
    if any(each.kind is each.VAR_KEYWORD for each in taken.values()):
        options["use_listings_cache"] = False
    options = _from_url(made, address) | options
    return partial(_connect, kind(protocol), made, options, made._strip_protocol(plain_url(address)))


def _connect(tree: type[Tree], made: Any, options: dict[str, Any], root: str) -> Tree:
    _ready()
    return tree(made(**options, skip_instance_cache=True), root)


_imported_in = getpid()
_ready: PerProcess[object] = PerProcess(lambda: getpid() == _imported_in or reset_after_fork())
"""Lets fsspec start its thread in a forked child. After a fork that Python does not see, no hook of fsspec ran."""


def _from_url(made: Any, address: Address) -> dict[str, Any]:
    found = made._get_kwargs_from_urls(plain_url(address))
    if address.host.startswith("["):  # an IPv6 address, which fsspec would split at its colons
        found["host"] = address.host.strip("[]")
    return {name: unquote(value) if isinstance(value, str) else value for name, value in found.items()}


def plain_url(address: Address, written: Callable[[str], str] = str) -> str:
    """``address`` as a URL for fsspec, without parameters: the login is encoded, the path is ``written(path)``.

    Raises InvalidAddress if fsspec would misread the path, or if a local address names a host.
    """
    protocol, path = address.scheme, address.path
    if "?" in path or "#" in path:
        raise InvalidAddress(
            f"fsspec+{protocol}: the path contains '?' or '#', which fsspec reads as separators; rename it"
        )
    if protocol in ("file", "local"):
        if address.host:
            raise InvalidAddress(
                f"fsspec+{protocol}: the address names a host; write fsspec+{protocol}:///path"
            )
        return f"{protocol}://{written(absolute(path, protocol, f'fsspec+{protocol}:///path'))}"
    user = f"{quote(address.userinfo, safe=':')}@" if address.userinfo else ""
    port = "" if address.port is None else f":{address.port}"
    return f"{protocol}://{user}{address.host}{port}{written(path)}"


def quote_url(address: Address) -> str:
    """The `plain_url` of ``address`` with its path percent-encoded, as in an address."""
    return plain_url(address, quote)


def _takes_keyword(parameter: inspect.Parameter) -> bool:
    return parameter.name != "self" and parameter.kind in (
        parameter.POSITIONAL_OR_KEYWORD,
        parameter.KEYWORD_ONLY,
    )


def _converter(default: object) -> Converter:
    if isinstance(default, bool):
        return flag
    return type(default) if isinstance(default, int | float) else str
