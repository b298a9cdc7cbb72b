"""The place of a store on an HTTP service, as its address says it, and the targets of its requests."""

import re
from typing import NamedTuple, Self
from urllib.parse import quote, urlencode

from holdall.adapters._shared.servers import is_local, login
from holdall.adapters._shared.service import RAW
from holdall.address import Address
from holdall.errors import InvalidAddress

_FORM = "write {}://host:8080/v1/NAME, with the name of a store that the service serves"
_named = re.compile(r"(.*/v1/[A-Za-z0-9_-]{1,64}(?::raw)?)/?", re.DOTALL).fullmatch


class Place(NamedTuple):
    """The store at ``path`` (percent-encoded, as in ``/v1/notes``) of the service at ``host`` and ``port``."""

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def of(cls, address: Address) -> Self:
        """Return the place in ``address``. Raises InvalidAddress if it is not the address of a served store."""
        if address.userinfo:
            raise InvalidAddress(
                f"{address.scheme}: an address must not contain a login; name a token, as in token=env:NAME"
            )
        if not address.host:
            raise InvalidAddress(f"{address.scheme}: the host is missing; {_FORM.format(address.scheme)}")
        found = _named(address.path)
        if not found:
            raise InvalidAddress(
                f"{address.scheme}: the path is not that of a store; {_FORM.format(address.scheme)}"
            )
        there = login(address)
        return cls(address.scheme, there["host"], there.get("port"), quote(found[1], safe="/:"))

    @property
    def origin(self) -> str:
        """The scheme, host and port, as a URL writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port is None else f":{self.port}")

    @property
    def url(self) -> str:
        """The address without parameters."""
        return self.origin + self.path

    @property
    def is_private(self) -> bool:
        """Whether nobody on the network can read the requests."""
        return self.scheme == "https" or is_local(self.host)

    @property
    def raw(self) -> "Place":
        """The place of the stored bytes of all keys, including the reserved ones."""
        return self if self.path.endswith(RAW) else self._replace(path=f"{self.path}{RAW}")

    def document(self, key: str, **parameters: object) -> str:
        """Return the target of requests about ``key``."""
        target = f"{self.path}/docs/{quote(key)}"
        return f"{target}?{urlencode(parameters)}" if parameters else target

    def history(self, key: str, **parameters: object) -> str:
        """Return the target of a page of the revisions of ``key``."""
        return f"{self.path}/history/{quote(key)}?{urlencode(parameters)}"

    def listing(self, **parameters: object) -> str:
        """Return the target of a page of a listing."""
        return f"{self.path}/docs?{urlencode(parameters)}"

    def changes(self, **parameters: object) -> str:
        """Return the target of a page of the change feed."""
        return f"{self.path}/changes?{urlencode(parameters)}"

    def verb(self, name: str) -> str:
        """Return the target of a request about the whole store, such as ``batch``."""
        return f"{self.path}:{name}"
