"""Messages about names and values that are not copied: how many there are, the first ten, and the remedy."""

import threading
from collections.abc import Iterable
from typing import Any

import click

from holdall.errors import HoldallError
from holdall.keys import fits, format_key
from holdall.layer import layers
from holdall.middleware.escape import Escape
from holdall.store import Store

_SHOWN = 10  # number of names to show

_ESCAPE = (
    'declare TO in holdall.toml with layers = ["escape"] and copy to it without --all: '
    "escape takes any name, if the escaped key has at most 400 bytes"
)
_RENAME = "rename those that are too long for a key or cannot be read"
_SET = "store those whose name could be a key with `holdall set TO KEY --file PATH`"


class Names:
    """Counts the foreign names that it is called with, and keeps the first ten."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.count = 0
        self._first: list[str] = []
        self._fit = self._unfit = False
        for name in names:
            self(name)

    def __call__(self, name: str) -> None:
        self.count += 1
        if fits(name):
            self._fit = True
        else:
            self._unfit = True
        if len(self._first) < _SHOWN:
            self._first.append(format_key(name))

    def __str__(self) -> str:
        more = ", …" if self.count > _SHOWN else ""
        names = "name that is not a key" if self.count == 1 else "names that are not keys"
        return f"{self.count:,} {names}: {', '.join(self._first)}{more}"

    def remedy(self, there: Store[Any] | None = None) -> str:
        """Return the steps that copy the names. ``there`` is the store that did not accept them."""
        escaped = there is not None and any(isinstance(layer, Escape) for layer in layers(there))
        steps = [_RENAME if escaped else _ESCAPE] * self._unfit + [_SET] * self._fit
        return "; ".join(steps)

    def refuse(self, there: Store[Any]) -> None:
        """Raise HoldallError if there are any names. They were not copied to ``there``."""
        if self.count:
            raise HoldallError(f"left out {self}; {self.remedy(there)}")


class Values:
    """Counts the values that cannot be read, and prints the errors of the first ten."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self, error: HoldallError) -> None:
        with self._lock:
            self.count += 1
            if self.count <= _SHOWN:
                click.echo(f"not copied: {error}", err=True)

    def refuse(self) -> None:
        """Raise HoldallError if there are any values."""
        if self.count:
            values = "value" if self.count == 1 else "values"
            raise HoldallError(
                f"left out {self.count:,} {values} that FROM cannot read as asked; "
                "the lines 'not copied' say why, and how to copy them"
            )
