"""pyproject.toml and the locks say the same, and the locks say it to everyone."""

import re
import subprocess
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOCK = "\n".join((ROOT / name).read_text() for name in ("requirements.lock", "requirements-system.lock"))
LOWEST = (ROOT / "requirements-lowest.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {
    name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()
}
FOR_DEVELOPERS = {"bench", "dev", "docs", "test", "testing"}
# What comes from no wheel, or not everywhere, or from an archive that some installers refuse, would keep the rest away;
# what is for clusters and columns is large; the interface of another project is for those who have that project.
APART = {
    "arrow",
    "beam",
    "bsd",
    "cachelib",
    "dask",
    "django",
    "py-key-value",
    "requests-cache",
    "shove",
    "slatedb",
    "zarr",
}


def versions(lock):
    """The version of each package in a lock."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock, re.MULTILINE))


def test_all_brings_every_extra_that_users_have():
    (everything,) = EXTRAS["all"]
    assert everything.extras == set(EXTRAS) - FOR_DEVELOPERS - APART - {"all"}


def test_the_readme_has_a_row_for_every_extra_that_users_have():
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == set(
        EXTRAS
    ) - FOR_DEVELOPERS | {"testing"}


def test_the_base_install_needs_nothing():
    assert PROJECT["dependencies"] == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_lock_holds_what_an_extra_asks_for(extra):
    locked = versions(LOCK)
    for need in EXTRAS[extra]:
        if need.name != "holdall":
            assert need.specifier.contains(locked[canonicalize_name(need.name)])


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - FOR_DEVELOPERS - {"bsd"} | {"testing"}))
def test_the_lowest_lock_holds_the_lowest_that_an_extra_takes(extra):
    locked = versions(LOWEST)
    for need in EXTRAS[extra]:
        if need.name != "holdall":
            (least,) = need.specifier
            assert Version(locked[canonicalize_name(need.name)]) == Version(least.version)


def test_a_lock_that_cannot_be_installed_can_be_written_anew():
    steps = subprocess.check_output(["make", "--dry-run", "--always-make", "lock"], cwd=ROOT, text=True)
    assert "tools/lock" in steps
    assert not re.search(r"install-lock \S+ requirements\.lock", steps)


def test_the_long_description_has_no_link_into_the_repository():
    text = metadata("holdall")["Description"]
    assert text.startswith("# holdall\n")
    assert "## What to install" in text
    assert not re.findall(r"\]\((?!https://)", text)
