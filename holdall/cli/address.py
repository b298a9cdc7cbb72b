"""Finds the address of a command's store: the first argument, or HOLDALL_URI."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from holdall.address import Address, scheme_of
from holdall.configuration.files import stores
from holdall.redact import brief
from holdall.registry import plan, schemes

VARIABLE = "HOLDALL_URI"


def positional(*names: str, optional: str = "") -> Callable[[Any], Any]:
    """Return a decorator that adds the arguments ``[URI]``, ``names`` and ``optional``, in this order.

    If HOLDALL_URI is set, the first argument is read as the store only if it looks like an address: it
    contains ``://``, begins with the scheme of a store, begins as a path does (``./``, ``../`` or ``/``), or
    is the name of a declared store. The decorated function gets the argument ``at``, a dict with ``uri`` and
    each of the names. The value of ``optional`` is None if the user does not give it.
    """
    metavar = " ".join(["[URI]", *map(str.upper, names), *([f"[{optional.upper()}]"] if optional else [])])
    counts = range(len(names), len(names) + bool(optional) + 1)

    def callback(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
        try:
            uri, rest = _split(given, counts)
            _require(len(rest) in counts, f"expected {metavar}, got {_count(given)}")
        except click.UsageError as error:
            error.ctx = ctx
            raise
        values: dict[str, Any] = dict.fromkeys([*names, *([optional] if optional else [])])
        return {"uri": uri, **values, **dict(zip(values, rest, strict=False))}

    return click.argument("at", nargs=-1, metavar=metavar, callback=callback)


def _split(given: tuple[str, ...], counts: range) -> tuple[str, tuple[str, ...]]:
    """Return the address of the store, and the other arguments.

    Raises UsageError if no store is named, or if an argument may be either the store or a key.
    """
    default = os.environ.get(VARIABLE)
    _require(given or default, f"name a store, as in sqlite:///books.db, or set {VARIABLE}")
    if not default:
        return given[0], given[1:]
    if not given or not _is_store(given, counts):
        return default, given
    return given[0], given[1:]


def _is_store(given: tuple[str, ...], counts: range) -> bool:
    """Return whether the first argument is a store, given that HOLDALL_URI is set.

    Raises UsageError if the argument may be either a store or a key.
    """
    first, store_fits, key_fits = given[0], len(given) - 1 in counts, len(given) in counts
    if _is_address(first):
        return True
    if _is_declared(first):
        _require(store_fits or not key_fits, f"{brief(first)} is a declared store; {_FOR_A_KEY}")
        _require(
            not (key_fits and counts.start), f"{brief(first)} may be a declared store or a key; {_FOR_A_KEY}"
        )
        return True
    folder = "/" in first and Path(first).is_dir()
    _require(
        not (folder and store_fits and key_fits), f"{brief(first)} may be a folder or a key; {_FOR_EITHER}"
    )
    _require(
        key_fits or not store_fits,
        f"{brief(first)} was read as a key because {VARIABLE} is set; {_FOR_A_STORE}",
    )
    return False


_FOR_A_STORE: Final = "give an address with a scheme, or unset it"
_FOR_A_KEY: Final = (
    f"for a key of that name, give the address of its store first; for the store, unset {VARIABLE}"
)
_FOR_EITHER: Final = "for the folder write ./ before it, for a key give the address of its store first"


def _require(condition: object, problem: str) -> None:
    if not condition:
        raise click.UsageError(problem)


def _is_address(text: str) -> bool:
    scheme = scheme_of(text)
    path = text.startswith(("./", "../", "/"))  # no key can begin with these
    return path or "://" in text or (bool(scheme) and scheme.partition("+")[0] in schemes())


def _is_declared(text: str) -> bool:
    word = re.match(r"[\w-]+", text, re.ASCII)
    return (
        word is not None
        and text[word.end() :][:1] in ("", "?")
        and word[0] in {each.name for each in stores()}
    )


def _count(given: tuple[str, ...]) -> str:
    return f"{len(given)} argument{'' if len(given) == 1 else 's'}"


def option(name: str, *, required: bool = True) -> Callable[[Any], Any]:
    """Return a decorator that adds the option ``--from URI`` or ``--into URI`` to a command on books.

    HOLDALL_URI is the default of the option. If it is not ``required``, the value may be None.
    """
    return click.option(
        f"--{name}",
        "uri",
        metavar="URI",
        envvar=VARIABLE,
        required=required,
        show_envvar=True,
        help="The address of the books, as in sqlite:///books.db.",
    )


def note_empty(uri: str) -> None:
    """Print on standard error that the store has no keys, because its address may be wrong."""
    click.echo(f"holdall: there are no keys at {Address.parse(uri)}", err=True)


def announce(uri: str) -> None:
    """Print on standard error which store the command is about to change."""
    address = Address.parse(uri)
    where = f"{address} ({plan(uri)[1]})" if address.name else str(address)
    source = f", which {VARIABLE} names" if uri == os.environ.get(VARIABLE) else ""
    click.echo(f"holdall: {click.get_current_context().info_name} acts on {where}{source}", err=True)
