"""`import holdall` is light: the standard library and itself, and what an extra brings when it is named."""

import json
import subprocess
import sys

import holdall
from holdall.registry import BRIDGES, BUILT_IN

LOADED = """
import json, sys
before = set(sys.modules)
import holdall
print(json.dumps([sorted({name.split(".")[0] for name in set(sys.modules) - before})]))
"""


def test_import_loads_the_standard_library_alone():
    (loaded,) = json.loads(subprocess.check_output([sys.executable, "-W", "error", "-c", LOADED]))
    assert "holdall" in loaded
    assert set(loaded) - sys.stdlib_module_names == {"holdall"}


def test_every_store_that_installs_from_wheels_is_a_name_of_the_package():
    shown = {dotted.partition(":")[2] for dotted in {**BUILT_IN, **BRIDGES}.values()}
    assert shown - set(holdall.__all__) == {"Shove", "SlateDB"}  # which are not in the extra `all`
    for name in shown & set(holdall.__all__):
        assert getattr(holdall, name).__name__ == name


def test_the_domain_and_validation_import_without_a_warning():
    importing = "import holdall.domain.books, holdall.middleware.validate"
    subprocess.run([sys.executable, "-W", "error", "-c", importing], check=True)
