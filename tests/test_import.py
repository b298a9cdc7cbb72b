"""`import holdall` is light: it loads the standard library and itself, and nothing that an extra brings."""

import json
import subprocess
import sys

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
