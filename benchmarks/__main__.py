"""``make bench``: run the named groups of contests, or all groups, and show the results as tables."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.groups import GROUPS
from benchmarks.measure import Row
from benchmarks.table import markdown, table

WIDTH = 120


def main() -> None:
    """Print each group when it ends; ``--json`` and ``--markdown`` write all groups to a file."""
    options = _options()
    console = Console(width=WIDTH)
    rows: list[Row] = []
    for name in options.groups or GROUPS:
        group = list(_run(name, options.folder))
        console.print(table(group))
        rows += group
    if options.json:
        options.json.write_text(json.dumps(_report(rows), indent=1, ensure_ascii=False) + "\n")
    if options.markdown:
        options.markdown.write_text(markdown(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", type=_group, help=", ".join(GROUPS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")
    parser.add_argument("--folder", metavar="FOLDER", help="make the stores in it, and so on its disk")
    return parser.parse_args()


def _group(name: str) -> str:
    if name not in GROUPS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(GROUPS)}")
    return name


def _run(name: str, folder: str | None) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="holdall-bench-", dir=folder) as made:
        yield from GROUPS[name](Path(made))


def _report(rows: list[Row]) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": sys.platform,
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
        "rows": [asdict(row) | {"verdict": row.verdict} for row in rows],
    }


if __name__ == "__main__":
    main()
