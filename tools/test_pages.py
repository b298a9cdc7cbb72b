"""Run the code of each page of the documentation, and the example apps, with only the packages that each one names.

A page names its packages in a line near its top: "This page needs `pip install '.[cli,file]'`", in a checkout, or
`pip install .` if it needs no extra. Pages with the same line run in one process, in which no other package can be
imported: see `only_extras`.
"""

import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
_packages = re.compile(r"^pip install (.+)$", re.MULTILINE)
_line = re.compile(r"^This page needs `pip install (\S[^`]*)`", re.MULTILINE)
_code = re.compile(r"^```(?:python|bash|console)$", re.MULTILINE)
_run_here = re.compile(r"^```(?:python|bash)$", re.MULTILINE)


def pages() -> dict[str, list[Path]]:
    """The pages with code, grouped by the line that names their packages."""
    found = defaultdict(list)
    silent = []
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text("utf-8")
        if named := _line.search(text):
            found[named[1]].append(page)
        elif _code.search(text):
            silent.append(str(page.relative_to(ROOT)))
    if silent:
        raise SystemExit(
            f"{', '.join(silent)}: no line names the extras; write \"This page needs `pip install '.[cli]'`.\""
        )
    return found


def run(line: str, found: list[Path]) -> bool:
    """Whether the blocks and the sessions of the pages work with only the packages of ``line``."""
    only = " ".join(re.sub(r"^\.", "holdall", word) for word in shlex.split(line))
    paths = [str(page) for page in found if _run_here.search(page.read_text("utf-8"))]
    sessions = " or ".join(page.stem for page in found if "```console" in page.read_text("utf-8"))
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "tools.only_extras", "-c", os.devnull]
    pytest += [f"--rootdir={ROOT}", "--import-mode=importlib"]
    there = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HYPOTHESIS_NO_PLUGINS": "1", "PYTHONPATH": str(ROOT)}
    ran = [(only, [*pytest, *paths])] if paths else []
    if sessions:  # the tests around them need hypothesis
        chosen = [*pytest, "tests/cli/test_docs.py", "-k", f"session_prints and ({sessions})"]
        ran.append((f"{only} hypothesis", chosen))
    return all(
        subprocess.run(command, cwd=ROOT, env={**os.environ, **there, "ONLY": packages}).returncode == 0
        for packages, command in ran
    )


def examples() -> Iterator[tuple[Path, str]]:
    """Yield each folder of an example with tests, and the packages that its README names."""
    for settings in sorted(EXAMPLES.glob("*/pytest.ini")):
        [packages, *_] = _packages.findall((settings.parent / "README.md").read_text("utf-8"))
        yield settings.parent, packages


def run_example(folder: Path, packages: str) -> bool:
    """Whether the tests of an example pass in its folder with only ``packages``, as its README says."""
    only = " ".join(re.sub(r"^\.\./\.\.", "holdall", word) for word in shlex.split(packages))
    plugins = ["-p", "tools.only_extras", "-p", "holdall.testing.plugin"]
    there = {"ONLY": only, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", *plugins]
    return subprocess.run(command, cwd=folder, env={**os.environ, **there}).returncode == 0


if __name__ == "__main__":
    failed = []
    for line, found in pages().items():
        print(f"{line}:", *(page.relative_to(DOCS) for page in found), flush=True)
        if not run(line, found):
            failed.append(line)
    for folder, packages in examples():
        print(f"{packages}: {folder.relative_to(ROOT)}", flush=True)
        if not run_example(folder, packages):
            failed.append(str(folder.relative_to(ROOT)))
    if failed:
        raise SystemExit(f"pages fail with only the packages that they name: {'; '.join(failed)}")
