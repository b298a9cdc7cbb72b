"""The command key new, which makes a key for an encrypted store in a file that only its owner can read."""

from pathlib import Path

import click

from holdall.cli import zone
from holdall.cli.examples import examples
from holdall.errors import Invalid
from holdall.middleware._secrets.source import read
from holdall.middleware.keyring import Keyring, new_key
from holdall.private import write


@click.group(epilog=examples("key new books.keys --id 2026"))
def key() -> None:
    """Make the keys of encrypted stores."""


@key.command(
    short_help="Make a key in a file that only you can read.",
    epilog=examples("key new books.keys", "key new books.keys --id 2027"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--id", "id_", metavar="NAME", show_default="today", help="The name of the key, stored with each value."
)
def new(file: Path, id_: str | None) -> None:
    """Make a key and write it to FILE, which then only you can read.

    An address uses the keys in FILE by encrypt=file:FILE. If FILE holds keys already, the new key becomes the
    first one. The first key encrypts every value that is written from then on; the other keys still decrypt
    the values that they encrypted. A value cannot be read without the key that encrypted it, so keep a copy
    of FILE in a safe place.
    """
    added = new_key(id_ or str(zone.Zone().today()))
    lines = [added, *_keys(file)]
    _require_new(file, added.partition(":")[0], lines[1:])
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(file, ("\n".join(lines) + "\n").encode())
    click.echo(
        f"holdall: {file} holds {len(lines)} key{'s' * (len(lines) > 1)}; the first one writes", err=True
    )


def _keys(file: Path) -> list[str]:
    """Return the keys in ``file``, or an empty list if it does not exist.

    Raises PermissionDenied if ``file`` holds anything other than keys.
    """
    if not file.exists():
        return []
    file.chmod(0o600)
    text = read(f"file:{file}", "keys").decode("ascii", "replace")
    Keyring(lambda: text)
    return text.split()


def _require_new(file: Path, id: str, keys: list[str]) -> None:
    if any(each.partition(":")[0] == id for each in keys):
        raise Invalid(f"{file} has a key {id!r} already; name another by --id")
