"""`import holdall` is light: the standard library and itself, and what an extra brings when it is named."""

import json
import subprocess
import sys

import pytest

import holdall
from holdall.registry import BRIDGES, BUILT_IN

LOADED = """
import json, sys
before = set(sys.modules)
__import__(sys.argv[1])
print(json.dumps([sorted({name.split(".")[0] for name in set(sys.modules) - before})]))
"""


@pytest.mark.parametrize("module", ["holdall", "holdall.abc"])
def test_import_loads_the_standard_library_alone(module: str):
    (loaded,) = json.loads(subprocess.check_output([sys.executable, "-W", "error", "-c", LOADED, module]))
    assert "holdall" in loaded
    assert set(loaded) - sys.stdlib_module_names == {"holdall"}


SOURCES = {"DiskCache", "Shelve", "SqliteDict", "Zict"}  # only read, by their addresses
APART = SOURCES | {"Shove", "SlateDB"}  # which are not in the extra `all`


def test_every_store_that_installs_from_wheels_is_a_name_of_the_package():
    shown = {dotted.partition(":")[2] for dotted in {**BUILT_IN, **BRIDGES}.values()}
    assert shown - set(holdall._public) == APART
    for name in shown & set(holdall._public):
        assert getattr(holdall, name).__name__ == name


def test_the_domain_and_validation_import_without_a_warning():
    importing = "import holdall.domain.books, holdall.middleware.validate"
    subprocess.run([sys.executable, "-W", "error", "-c", importing], check=True)


def test_a_star_imports_all_that_is_installed_and_no_open():
    names: dict[str, object] = {}
    exec("from holdall import *", names)
    assert set(holdall._public) - set(names) == {"open"}
    assert names["S3"] is holdall.S3


WITHOUT_EXTRAS = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {"holdall", *sys.stdlib_module_names}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from holdall import *
print(Memory.__name__, SQLite.__name__, open is __import__("io").open, "S3" in globals(), "Json" in globals())
"""


def test_a_star_without_extras_leaves_out_what_needs_them():
    shown = subprocess.check_output([sys.executable, "-c", WITHOUT_EXTRAS], text=True)
    assert shown.split() == ["Memory", "SQLite", "True", "False", "False"]
