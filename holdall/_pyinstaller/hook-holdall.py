"""Bundles the modules that holdall imports by name, so that every address works whose library is installed."""

from PyInstaller.utils.hooks import (
    collect_data_files,
    collect_dynamic_libs,
    collect_entry_point,
    collect_submodules,
)

datas, hiddenimports = collect_entry_point("holdall.adapters")
for group in ("shove.stores", "shove.caches", "fsspec.specs"):
    more, modules = collect_entry_point(group)
    datas, hiddenimports = datas + more, hiddenimports + modules
datas += collect_data_files("holdall")
hiddenimports += collect_submodules("holdall", filter=lambda name: not name.startswith("holdall.testing"))
binaries = collect_dynamic_libs("slatedb")  # which has no hook of its own
