"""Measures how the code of one or more checkouts reads: `python tools/house.py [CHECKOUT ...]`.

Prints a table with a column for each checkout: the habits of `tools.check_prose` in 1,000 words, the functions
named by a participle, the files under 50 lines, and the function calls that one write makes.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from check_prose import files, prose, rates
from rich.console import Console
from rich.table import Table

SHORT: Final = 50
_VERBS: Final = {"embed", "exceed", "feed", "need", "proceed", "read", "seed", "shed", "speed", "succeed"}
_irregular: Final = re.compile(
    "begun|broken|brought|built|caught|chosen|done|drawn|found|given|gone|held|hidden|kept|known|left|"
    "lost|made|meant|met|said|seen|sent|shown|spent|taken|taught|thought|told|torn|undone|worn|written"
).fullmatch
_PATHS: Final = Path(__file__).with_name("write_path.py")


def functions(root: Path) -> Iterator[str]:
    """The names of the functions and methods of the package, without those that Python itself names."""
    for path in (root / "holdall").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
                yield node.name


def is_participle(name: str) -> bool:
    """Whether ``name`` begins with a participle, such as ``translated`` or ``_shown_value``."""
    first = name.strip("_").partition("_")[0]
    return bool(_irregular(first) or (re.fullmatch(r"\w+ed", first) and first not in _VERBS))


def measures(root: Path) -> Iterator[tuple[str, str]]:
    """The name and the value of each measure of the checkout at ``root``."""
    for name, rate in rates([text for path in files(root) for text in prose(path)]).items():
        yield f"{name}, in 1,000 words", f"{rate:.2f}"
    names = list(functions(root))
    share = sum(map(is_participle, names)) / len(names)
    yield "functions named by a participle", f"{share:.1%} of {len(names):,}"
    lengths = [
        len(path.read_text(encoding="utf-8").splitlines()) for path in (root / "holdall").rglob("*.py")
    ]
    yield f"files under {SHORT} lines", f"{sum(length < SHORT for length in lengths)} of {len(lengths)}"
    made = subprocess.run([sys.executable, _PATHS], cwd=root, capture_output=True, text=True, check=True)
    for line in made.stdout.splitlines():
        name, _, value = line.partition(": ")
        yield name, value


def main(roots: list[str]) -> None:
    """Print the table of ``roots``; without any, of this checkout."""
    columns = [dict(measures(Path(root).resolve())) for root in roots or ["."]]
    table = Table("", *(roots or ["now"]))
    for name in columns[-1]:
        table.add_row(name, *(column.get(name, "-") for column in columns))
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
