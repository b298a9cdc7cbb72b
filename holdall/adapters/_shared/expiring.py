"""The base class of stores on servers that delete values after their deadlines."""

from collections.abc import Callable
from math import ceil
from typing import Self

from holdall.adapters._shared.transactional import TransactionalStore
from holdall.store import Store


class ExpiringStore(TransactionalStore):
    """A store of which `_expiring` makes a view, whose writes pass `_last_second` on to the server."""

    _deadline: Callable[[], float | None] | None = None
    _lasting: Self | None = None

    def _expiring(self, deadline: Callable[[], float | None], /) -> Self:
        made = object.__new__(type(self))
        lasting = self if self._lasting is None else self._lasting
        made.__dict__ |= {**self.__dict__, "_deadline": deadline, "_lasting": lasting}
        return made

    def raw(self, prefix: str = "") -> Store[bytes]:
        return super().raw(prefix) if self._lasting is None else self._lasting.raw(prefix)

    @property
    def _last_second(self) -> int | None:
        """The second after which the server may delete a value that is written now, since 1970; None for never."""
        deadline = None if self._deadline is None else self._deadline()
        return None if deadline is None else ceil(deadline)
