"""The README's Python blocks, pasted into a prompt one after another, show what they say they show."""

import code
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


class Prompt(code.InteractiveConsole):
    """A Python prompt that remembers what it showed."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = ""

    def write(self, data: str) -> None:
        raise AssertionError(data)

    def show(self, value: object) -> None:
        self.shown += "" if value is None else repr(value)


def test_the_readme_works_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prompt = Prompt()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.displayhook", prompt.show)
    for line in "\n".join(BLOCKS).splitlines():
        typed, _, promised = line.partition("  # ")
        prompt.shown = ""
        if not prompt.push(typed.rstrip()):
            assert prompt.shown == promised.strip(), line
