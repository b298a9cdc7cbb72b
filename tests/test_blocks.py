"""The types of the documentation's blocks are checked line by line, and a wrong one is noticed."""

import sys

import pytest

from tools import check_blocks

PAGE = """\
Text with `code`.

```python
import holdall
store = holdall.open("memory://")
```

```sh
rm -rf everything
```

```python
>>> for number in range(2):
...     number
0
1
>>> store["a"] = b"1"

```

>>> This is quoted.
"""


def test_each_line_of_python_is_where_the_page_has_it():
    lines = check_blocks.module(PAGE).splitlines()
    assert {number: line for number, line in enumerate(lines, 1) if line} == {
        4: "import holdall",
        5: 'store = holdall.open("memory://")',
        13: "for number in range(2):",
        14: "    number",
        17: 'store["a"] = b"1"',
    }
    compile(check_blocks.module(PAGE), "page", "exec")


def test_the_readme_and_the_tutorial_have_blocks_to_check(tmp_path):
    check_blocks.write_modules(tmp_path)
    modules = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert set(modules) == {"readme.py", "docs_tutorial_index.py", "docs_tutorial_books.py"}
    for name in ("readme.py", "docs_tutorial_index.py"):
        assert "MapReduce(" in modules[name]
        compile(modules[name], name, "exec")


@pytest.mark.parametrize(("codes", "code"), [((0, 0), 0), ((1, 0), 1), ((0, 1), 1)])
def test_an_error_of_either_checker_fails_the_check(monkeypatch, codes, code):
    script = "import os, sys; sys.exit({} if os.path.exists('readme.py') else 9)"
    checkers = [[sys.executable, "-S", "-c", script.format(code)] for code in codes]
    monkeypatch.setattr(check_blocks, "CHECKERS", checkers)
    assert check_blocks.main() == code
