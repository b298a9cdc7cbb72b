"""Prove, from within a bundle of PyInstaller's, that each part is there that holdall imports by its name.

With arguments it is the command line; `make test-bundle` runs it in both ways.
"""

import os
import sys
import tempfile
from importlib import import_module
from importlib.metadata import entry_points

import holdall
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.shove.importing import as_it_was
from holdall.cli import main
from holdall.registry import BRIDGES, BUILT_IN

LOCAL = [
    "file:folder",
    "sqlite:///books.db",
    "lmdb:lmdb",
    "dbm:dbm?flavor=dumb",
    "fsspec+local:tree",
    "shove+memory://",
]
PLUGINS = {
    "shove.stores": "file",
    "shove.caches": "memory",
    "fsspec.specs": "abfss",
}  # each with one that must be there
LAYERS = "memory://?serializer={}&compress=zstd&manifest=off"


def loads(dotted: str) -> None:
    """The class ``dotted`` is there, or its extra is not installed, which does not name a module of holdall's."""
    module, _, name = dotted.partition(":")
    try:
        getattr(import_module(module), name)
    except holdall.MissingExtra as error:
        if "holdall." in str(error.__cause__):
            raise


if __name__ == "__main__":
    if sys.argv[1:]:
        main()
    os.chdir(tempfile.mkdtemp())
    for dotted in (*BUILT_IN.values(), *BRIDGES.values(), "holdall.adapters.s3.rust:Client"):
        loads(dotted)
    for flavor in FLAVORS.values():
        loads(f"holdall.adapters.dbm.{flavor.module}:{flavor.name}")
    for group, name in PLUGINS.items():
        assert name in entry_points(group=group).names, (group, name)
        for plugin in entry_points(group=group):
            with as_it_was():
                plugin.load()
    for address in LOCAL:
        with holdall.open(address) as store:
            store["a"] = b"1"
            assert dict(store) == {"a": b"1"}, address
    for serializer in ("json", "msgpack", "yaml", "xml", "text"):
        with holdall.open(LAYERS.format(serializer)) as store:
            store["a"] = "text"
            assert dict(store) == {"a": "text"}, serializer
    print(f"holdall {holdall.__version__} works in a bundle on Python {sys.version.split()[0]}")
