"""The commands key new and rekey, which make and change the keys of encrypted stores."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdall.address import Address
from holdall.cli import zone
from holdall.cli.address import announce, positional
from holdall.cli.help import examples
from holdall.cli.output.progress import show_progress
from holdall.errors import HoldallError, Invalid
from holdall.layer import layers
from holdall.middleware.keyring import Keyring, new_key
from holdall.middleware.manifest import read_manifest, record
from holdall.private import read_secret, write
from holdall.registry import open as open_store
from holdall.store import Store

if TYPE_CHECKING:
    from holdall.middleware.encrypt import Encrypt


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
    """Make a key and write it to FILE. From then on, only you can read FILE.

    An address uses the keys in FILE with encrypt=file:FILE. If FILE holds keys already, the new key becomes the
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
        f"holdall: {file} holds {len(lines)} key{'s' * (len(lines) > 1)}; the first key encrypts new values",
        err=True,
    )


def _keys(file: Path) -> list[str]:
    """Return the keys in ``file``, or an empty list if it does not exist.

    Raises PermissionDenied if ``file`` holds anything other than keys.
    """
    if not file.exists():
        return []
    file.chmod(0o600)
    text = read_secret(f"file:{file}", "keys").decode("ascii", "replace")
    Keyring(lambda: text)
    return text.split()


def _require_new(file: Path, id: str, keys: list[str]) -> None:
    if any(each.partition(":")[0] == id for each in keys):
        raise Invalid(f"{file} has a key {id!r} already; choose another name with --id")


@click.command(epilog=examples("rekey 'sqlite:///sealed.db?encrypt=env:BOOKS_KEYS'"))
@positional()
@click.option("--prefix", default="", help="Only keys that begin with this prefix.")
def rekey(at: dict[str, Any], prefix: str) -> None:
    """Encrypt every value again with the first key of the keyring, so that older keys are no longer needed.

    Earlier versions of holdall bound an encrypted value to its key in the store alone. These values are
    encrypted again too, and are then also bound to the store. Old revisions in a history stay as they are, and
    still need their keys.

    Other programs may read and write in the meantime. If the command is interrupted, run it again: it skips
    the values that it has encrypted already.
    """
    from holdall.middleware.rotate import rekey as rekey_values  # late: the help works without the extra

    announce(at["uri"])
    with open_store(at["uri"]) as store:
        next(store.scan(), None)  # raises Mismatch if the store was written in other layers
        sealing = _sealing(store, at["uri"])
        looked = 0

        def tell(count: int) -> None:
            nonlocal looked
            looked = count
            show(count)

        with show_progress("encrypting", lambda: sum(1 for _ in store.scan(prefix))) as show:
            sealed = rekey_values(sealing, prefix, tell=tell)
        if not prefix and (manifest := read_manifest(store)):
            record(store, replace(manifest, key=sealing.current))
    if not looked:
        raise HoldallError(f"there is no value at {Address.parse(at['uri'])}; check the address")
    click.echo(f"encrypted {sealed:,} of {looked:,} values with key {sealing.current!r}", err=True)


def _sealing(store: Store[Any], uri: str) -> "Encrypt":
    from holdall.middleware.encrypt import Encrypt

    for layer in layers(store):
        if isinstance(layer, Encrypt):
            return layer
    raise HoldallError(f"{Address.parse(uri)} does not encrypt values; name its keys with encrypt=env:NAME")
