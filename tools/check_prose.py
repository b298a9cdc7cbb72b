"""Checks that docstrings, comments, pages and messages avoid three habits that make sentences hard to read.

CONTRIBUTING.md names the habits. The check fails if docstrings, comments and pages have one of them more than
LIMIT times in 1,000 words, or if a message (any other text in a module of holdall) has one at all.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LIMIT: Final = 0.5
PLACES: Final = ("holdall", "docs", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_code = re.compile(r"```.*?```|`[^`]*`|https?://\S+", re.DOTALL)

HABITS: Final = {
    "'what' in the place of a noun": re.compile(
        r"\bwhat (?:is|was|are|were|it|they|has|had|can|cannot|a|an|the|one|each|every|lies|stands|comes|goes|must)\b",
        re.IGNORECASE,
    ),
    "'where' in the place of 'if' or 'when'": re.compile(
        r"\bwhere (?:it|they|there|that|this|a|an|the|one|another|nobody|no|none|each|every|its|such|others)\b",
        re.IGNORECASE,
    ),
    "'is no' in the place of 'is not a'": re.compile(
        r"(?<!there )\b(?:is|are|was|were) no (?!longer|more\b)\w+", re.IGNORECASE
    ),
}


def prose(path: Path) -> Iterator[str]:
    """The docstrings and comments of a module, or the text of a page without its code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield _code.sub(" ", text)
        return
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines = node.value.value.splitlines()
            yield "\n".join(line for line in lines if not line.lstrip().startswith((">>>", "...")))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of each string in a module that is not a docstring, without its expressions."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    skipped |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def files(root: Path) -> Iterator[Path]:
    """The modules and pages that ship."""
    for place in PLACES:
        path = root / place
        yield from (
            [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in {".py", ".md"})
        )


def rates(texts: list[str]) -> dict[str, float]:
    """How often each habit appears in 1,000 words."""
    words = sum(len(re.findall(r"\w+", text)) for text in texts)
    return {
        name: 1000 * sum(len(habit.findall(text)) for text in texts) / words for name, habit in HABITS.items()
    }


def faults(root: Path) -> Iterator[str]:
    """Each message with one of the habits, after its place and the name of the habit."""
    for path in sorted((root / "holdall").rglob("*.py")):
        for line, text in messages(path):
            for name, habit in HABITS.items():
                if habit.search(text):
                    yield f"{path.relative_to(root)}:{line}: {name}: {text!r}"


def main() -> None:
    """Print the rates and the faults of messages; exit with 1 if a rate is over the limit or there is a fault."""
    root = Path(__file__).parents[1]
    found = rates([text for path in files(root) for text in prose(path)])
    for name, rate in found.items():
        print(f"{rate:.2f} in 1,000 words: {name}")
    faulty = list(faults(root))
    print(*faulty, sep="\n", end="\n" * bool(faulty))
    if max(found.values()) > LIMIT or faulty:
        sys.exit(
            f"the limit is {LIMIT}, and 0 in messages; CONTRIBUTING.md says how to write the sentence instead"
        )


if __name__ == "__main__":
    main()
