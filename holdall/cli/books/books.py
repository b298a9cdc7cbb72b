"""The group books: the commands set and settings, which change and show the settings of books."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from holdall.cli import address
from holdall.cli.books.closing import close, reopen, status
from holdall.cli.books.open import open_books
from holdall.cli.books.settings import configured
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_rows
from holdall.domain.codes import read_table
from holdall.domain.settings import NONE, Settings
from holdall.domain.stored_settings import read_stored
from holdall.history import note

_NAMES = ("seller", "currency", "codes")


@click.group(
    epilog=examples(
        "books set --seller DE123456789 --currency EUR --from sqlite:///books.db",
        "books settings --from sqlite:///books.db",
    )
)
def books() -> None:
    """Set and show the seller, the currency and the accounting codes of books, and close periods."""


for command in (close, reopen, status):
    books.add_command(command)


@books.command(
    "set",
    short_help="Set the seller, the currency or the accounting codes.",
    epilog=examples(
        "books set --seller DE123456789 --seller-name 'Seiler GmbH' --currency EUR --from sqlite:///books.db",
        "books set --codes codes.toml --reason 'new chart of accounts' --from sqlite:///books.db",
        "books set --default-code 8400 --from sqlite:///books.db",
        "books set --remove codes --from sqlite:///books.db",
    ),
)
@click.option("--seller", metavar="ID", help="The id of the seller of documents that name none.")
@click.option("--seller-name", metavar="NAME", show_default="its id", help="The name of the seller.")
@click.option("--currency", help="The currency of documents that name none, such as EUR.")
@click.option(
    "--codes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The rules, in TOML, that file invoice lines under your accounting codes.",
)
@click.option("--default-code", metavar="CODE", help="The accounting code of lines that no rule matches.")
@click.option(
    "--remove",
    type=click.Choice(_NAMES),
    multiple=True,
    help="Remove this setting. Repeat the option for others.",
)
@click.option("--reason", default="", help="The reason, which the history of the books keeps.")
@address.option("from")
def set_(
    seller: str | None,
    seller_name: str | None,
    currency: str | None,
    codes: Path | None,
    default_code: str | None,
    remove: tuple[str, ...],
    reason: str,
    uri: str,
) -> None:
    """Set the defaults of books: the seller and the currency of new documents, and the codes of their lines.

    The settings are in the store of the books, in a document under the key books/settings, so they are the same
    wherever you open the books. A setting of the store wins over the same setting in [books] of holdall.toml, and
    --codes of a command wins over both. Invoices in the books do not change; see `holdall invoices recode`.
    """
    changes: dict[str, Any] = dict.fromkeys(remove)
    if seller is not None:
        changes["seller"] = {"id": seller, "name": seller if seller_name is None else seller_name}
    elif seller_name is not None:
        raise click.UsageError("--seller-name needs --seller")
    if currency is not None:
        changes["currency"] = currency
    if codes is not None:
        changes["codes"] = read_table(codes)
    if not changes and default_code is None:
        raise click.UsageError(
            "there is nothing to set; give --seller, --currency, --codes or --default-code"
        )
    with open_books(uri) as opened, note(message=reason):
        if default_code is not None:
            mapping = changes.get("codes", read_stored(opened.store).codes) or {}
            changes["codes"] = {**mapping, "default": default_code}
        opened.change_settings(**changes)
        stored = read_stored(opened.store)
    print_rows(
        ("setting", "value"), [(name, value) for name in _NAMES if (value := _text(stored.over(NONE), name))]
    )


@books.command(
    "settings",
    short_help="Show the settings of new documents.",
    epilog=examples("books settings --from sqlite:///books.db"),
)
@address.option("from")
@formats
def settings(uri: str, style: str | None) -> None:
    """Show the settings that new documents get in these books. The store or holdall.toml sets each of them.

    `holdall get URI books/settings` prints the document in the store.
    """
    with open_books(uri) as opened:
        places = {"the store": read_stored(opened.store).over(NONE), "holdall.toml": configured()}
    rows = [next(_found(name, places), (name, "", "nowhere")) for name in _NAMES]
    print_rows(("setting", "value", "set in"), rows, style)


def _found(name: str, places: Mapping[str, Settings]) -> Iterator[tuple[str, str, str]]:
    return ((name, text, place) for place, settings in places.items() if (text := _text(settings, name)))


def _text(settings: Settings, name: str) -> str:
    """Return the setting with that name for people. It is empty if the setting is not set."""
    if name == "seller":
        return f"{settings.seller.name} ({settings.seller.id})" if settings.seller else ""
    if name == "currency":
        return settings.currency or ""
    if settings.codes is None:
        return ""
    rules = len(settings.codes.rules)
    default = f", default {settings.codes.default[0][0]}" if settings.codes.default else ""
    return f"{rules:,} rule{'' if rules == 1 else 's'}{default}"
