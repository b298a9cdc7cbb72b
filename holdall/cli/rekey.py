"""The command rekey, which encrypts every value of a store again with the first key of its keyring."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from holdall.address import Address
from holdall.cli.address import announce, positional
from holdall.cli.examples import examples
from holdall.cli.output.progress import counting
from holdall.errors import HoldallError
from holdall.layer import layers
from holdall.middleware.manifest import read_manifest, record
from holdall.registry import open as open_store
from holdall.store import Store

if TYPE_CHECKING:
    from holdall.middleware.encrypt import Encrypt


@click.command(epilog=examples("rekey 'sqlite:///sealed.db?encrypt=env:BOOKS_KEYS'"))
@positional()
@click.option("--prefix", default="", help="Only keys that begin with this.")
def rekey(at: dict[str, Any], prefix: str) -> None:
    """Seal (encrypt) every value with the first key of the keyring, so that older keys are no longer needed.

    Earlier versions of holdall bound an encrypted value to its key in the store alone. These values are
    sealed again too, and are then also bound to the store. Old revisions in a history stay as they are, and
    still need their keys.

    Other programs may read and write in the meantime. If the command is interrupted, run it again: it skips
    the values that it has sealed already.
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

        with counting("sealing", lambda: sum(1 for _ in store.scan(prefix))) as show:
            sealed = rekey_values(sealing, prefix, tell=tell)
        if not prefix and (manifest := read_manifest(store)):
            record(store, replace(manifest, key=sealing.current))
    if not looked:
        raise HoldallError(f"no value at {Address.parse(at['uri'])}; check the address")
    click.echo(f"sealed {sealed:,} of {looked:,} values with key {sealing.current!r}", err=True)


def _sealing(store: Store[Any], uri: str) -> "Encrypt":
    from holdall.middleware.encrypt import Encrypt

    for layer in layers(store):
        if isinstance(layer, Encrypt):
            return layer
    raise HoldallError(f"{Address.parse(uri)} encrypts nothing; name its keys by encrypt=env:NAME")
