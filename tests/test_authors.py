"""The pages for authors import from `holdall.abc`, their layers pass the suites, and the reference has every name."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import holdall.abc
from holdall import Store
from tests.examples import few

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = (DOCS / "reference" / "abc.md").read_text()
PAGES = [DOCS / "how-to" / name for name in ("write-an-adapter.md", "write-a-layer.md", "test-a-store.md")]
HOOKS = {"_find", "_take", "_setdefault", "_each", "_tagged_many", "_expiring"}


def module_of(page: Path) -> ModuleType:
    """Return a module, which can be imported, with the code of ``page`` but for its sessions."""
    blocks = re.findall(r"^```python\n((?!>>>).*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    module = ModuleType(f"{__name__}_{page.stem.replace('-', '_')}")
    sys.modules[module.__name__] = module
    exec(compile("\n".join(blocks), page, "exec"), module.__dict__)
    return module


LAYERS: Any = module_of(DOCS / "how-to" / "write-a-layer.md")
TestBase64 = LAYERS.TestBase64
TestLimited = LAYERS.TestLimited
TestPrinted = LAYERS.TestPrinted


class TestBase64OnMemory(LAYERS.TestBase64OnMemory):  # type: ignore[misc]
    def test_a_store_and_a_dict_stay_equal(self, open_store: Any) -> None:
        with few(5, shrinks=False):
            super().test_a_store_and_a_dict_stay_equal(open_store)

    def test_any_valid_key(self, store: Any) -> None:
        with few(5, shrinks=False):
            super().test_any_valid_key(store)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_for_authors_imports_what_they_need_from_one_module(page: Path) -> None:
    modules = set(re.findall(r"^(?:>>> )?from (holdall[\w.]*) import", page.read_text(), re.MULTILINE))
    assert "holdall.abc" in modules
    assert modules <= {"holdall", "holdall.abc", "holdall.testing"}


def test_the_reference_lists_every_name_once() -> None:
    rows = re.findall(r"^\| [^|]+ \| (`[^|]+`) \|", REFERENCE, re.MULTILINE)
    listed = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(listed) == sorted(holdall.abc.__all__)
    assert all(hasattr(holdall.abc, name) for name in listed)


def test_every_method_of_a_store_with_an_underscore_is_a_documented_hook() -> None:
    private = {name for name, value in vars(Store).items() if name.startswith("_") and callable(value)}
    assert {name for name in private if not name.startswith(("__", "_abc"))} == HOOKS
    assert set(re.findall(r"automethod:: holdall\.store\.Store\.(\w+)", REFERENCE)) == HOOKS


def test_an_application_does_not_import_the_module() -> None:
    program = "import sys, holdall; print(*[name for name in ('holdall.store', 'holdall.abc') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == ["holdall.store"]
