"""Where a command's store is: its first argument, or HOLDALL_URI."""

import os
from collections.abc import Callable
from typing import Any

import click

from holdall.address import Address, scheme_of
from holdall.registry import schemes

VARIABLE = "HOLDALL_URI"


def positional(*names: str, optional: str = "") -> Callable[[Any], Any]:
    """The arguments ``[URI]``, then one for each of ``names``, then perhaps ``optional``.

    With HOLDALL_URI set, a first argument is an address only if it looks like one: it holds ``://``, which
    no key does, or begins with the scheme of a store. The decorated function gets ``at``: a dict of
    ``uri`` and each of the names, None where ``optional`` is not given.
    """
    metavar = " ".join(["[URI]", *map(str.upper, names), *([f"[{optional.upper()}]"] if optional else [])])

    def callback(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
        uri, rest = _split(given)
        if not len(names) <= len(rest) <= len(names) + bool(optional):
            raise click.UsageError(f"expected {metavar}, got {_counted(given)}", ctx)
        values: dict[str, Any] = dict.fromkeys([*names, *([optional] if optional else [])])
        return {"uri": uri, **values, **dict(zip(values, rest, strict=False))}

    return click.argument("at", nargs=-1, metavar=metavar, callback=callback)


def _split(given: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    default = os.environ.get(VARIABLE)
    if default and not (given and _is_address(given[0])):
        return default, given
    if not given:
        raise click.UsageError(f"name a store, as in sqlite:///books.db, or set {VARIABLE}")
    return given[0], given[1:]


def _is_address(text: str) -> bool:
    scheme = scheme_of(text)
    return "://" in text or (bool(scheme) and scheme.partition("+")[0] in schemes())


def _counted(given: tuple[str, ...]) -> str:
    return f"{len(given)} argument{'' if len(given) == 1 else 's'}"


def option(name: str) -> Callable[[Any], Any]:
    """The option ``--from URI`` or ``--into URI`` of commands on books, with HOLDALL_URI as its default."""
    return click.option(
        f"--{name}",
        "uri",
        metavar="URI",
        envvar=VARIABLE,
        required=True,
        show_envvar=True,
        help="The address of the books, as in sqlite:///books.db.",
    )


def note_empty(uri: str) -> None:
    """Say on standard error that a store has no keys: its address may be another than was meant."""
    click.echo(f"holdall: there are no keys at {Address.parse(uri)}", err=True)
