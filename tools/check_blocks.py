"""Check the types of the Python blocks of the README and the tutorial, by mypy --strict and by pyright.

A reader copies these blocks into a project of typed code, so they must have no type errors there. Each page is
one module, and an error shows the page and its line.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "tutorial").glob("*.md"))]
CHECKERS = (
    [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "."],
    [str(Path(sys.executable).with_name("basedpyright")), "--pythonpath", sys.executable, "--level", "error"],
)


def module(page: str) -> str:
    r"""The Python of ``page``, each line at its number in the page; any other line is empty.

    >>> module("Text\n```python\n>>> for n in [1]:\n...     n\n1\n```\nText").splitlines()
    ['', '', 'for n in [1]:', '    n', '', '', '']
    """
    lines, inside, session = [], False, False
    for line in page.splitlines():
        if line.startswith("```"):
            inside, session = line == "```python", False
            lines.append("")
            continue
        session = session or (inside and line.startswith(">>> "))
        if session:
            lines.append(line[4:] if line.startswith((">>> ", "... ")) else "")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines) + "\n"


def write_modules(folder: Path) -> None:
    """Write a module for each page into ``folder``, named as the page."""
    for page in PAGES:
        name = "_".join(page.relative_to(ROOT).with_suffix("").parts).lower()
        (folder / f"{name}.py").write_text(module(page.read_text("utf-8")), "utf-8")


def main() -> int:
    """Check the blocks; 1 if a checker found an error, which it has printed."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        write_modules(folder)
        (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', "utf-8")
        codes = [subprocess.run(command, cwd=folder, check=False).returncode for command in CHECKERS]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
