"""The areas of the package, their tests, and mutants of their files."""

import difflib
import hashlib
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .mutations import sample


@dataclass
class Mutant:
    """One change of one file."""

    area: str
    path: str
    line: int
    diff: str
    source: str
    outcome: str = ""

    @property
    def name(self) -> str:
        """The same for the same change of the same file in each run."""
        return hashlib.sha256(f"{self.path}\n{self.source}".encode()).hexdigest()[:16]


class Areas:
    """The table of areas: their files and the tests that cover them."""

    def __init__(self, root: Path, table: Path) -> None:
        read = tomllib.loads(table.read_text("utf-8"))
        self.root = root
        self.command: list[str] = [sys.executable, *read["command"]]
        self.tests: dict[str, list[str]] = {name: area["tests"] for name, area in read["area"].items()}
        self.equivalent: list[dict[str, str]] = read.get("equivalent", [])
        self.files: dict[str, str] = {}  # if two areas match a file, the first one has it
        for name, area in read["area"].items():
            for path in (path for pattern in area["files"] for path in root.glob(pattern)):
                self.files.setdefault(path.relative_to(root).as_posix(), name)

    def choose(self, names: list[str], count: int, seed: int) -> list[Mutant]:
        """A sample of the mutants of the areas ``names``; of all that have tests, if there are no names."""
        wanted = names or [name for name, tests in self.tests.items() if tests]
        sources = {
            path: (self.root / path).read_text("utf-8") for path, name in self.files.items() if name in wanted
        }
        return [
            Mutant(self.files[path], path, line, _diff(sources[path], changed, path), changed)
            for path, line, changed in sample(sources, count, seed)
        ]

    def is_equivalent(self, mutant: Mutant) -> bool:
        """Whether the table says that the change, or any change of its line, makes no difference to a user."""
        before, after = ([line for line in mutant.diff.splitlines()[2:] if line[0] == sign] for sign in "-+")
        return any(
            each["file"] == mutant.path
            and _words(before) == _words([f"-{each['before']}"])
            and ("after" not in each or _words(after) == _words([f"+{each['after']}"]))
            for each in self.equivalent
        )


def _words(lines: list[str]) -> list[str]:
    """The lines without comments, and without spaces, which a change may add."""
    return ["".join(line.partition("  #")[0].split()) for line in lines]


def _diff(before: str, after: str, path: str) -> str:
    names = f"a/{path}", f"b/{path}"
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=2))
