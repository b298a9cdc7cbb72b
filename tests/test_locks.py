"""Each lock is complete, is installed by tools/install-lock, and installs whatever the index offers in addition."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tools.sublock import entries, needed

ROOT = Path(__file__).parents[1]
INSTALL_LOCK = ROOT / "tools" / "install-lock"
UV = Path(sys.executable).with_name("uv")
# The uv of the environment, and the name of the program that should install: if uv fails, pip.
INSTALLERS = [(shutil.which("false"), "pip"), *([(UV, "uv")] if UV.exists() else [])]
NEWEST, LOWEST = ROOT / "requirements.lock", ROOT / "requirements-lowest.lock"
LOCKS = [
    NEWEST,
    LOWEST,
    ROOT / "requirements-system.lock",
    ROOT / "tests" / "servers" / "localstack.txt",
    ROOT / "localstack" / "requirements.txt",
]


def wheel(folder, name, version, *lines):
    """Write a wheel that holds metadata alone, in which ``lines`` are; return its entry for a lock."""
    file = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
        archive.writestr(f"{info}/METADATA", "\n".join((*head, *lines, "")))
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


def chosen(lock):
    """The version of each package that the file ``lock`` names for this Python."""
    return {each.name: each.version for each in entries(lock.read_text()) if each.chosen()}


@pytest.fixture
def index(tmp_path):
    """A folder as the package index, in which each package has a newer release than the lock names."""
    folder = tmp_path / "index"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        wheel(folder, "part", version, "Provides-Extra: more")
        wheel(folder, "whole", version, "Requires-Dist: part[more]>=1.0")
    return folder


every_installer = pytest.mark.parametrize("installer", INSTALLERS, ids=lambda installer: installer[1])
one_installer = pytest.mark.parametrize("installer", INSTALLERS[-1:], ids=lambda installer: installer[1])


@pytest.fixture
def install(tmp_path, index, installer):
    """Install a lock of these lines into a new environment by the command that all set-ups use."""

    def install(*lines):
        environment, lock = tmp_path / "environment", tmp_path / "some.lock"
        venv.create(environment, symlinks=True)
        [packages] = environment.glob("lib/python*/site-packages")
        # The pip that came with this Python; a copy would be compiled again at each call.
        (packages / "pip").symlink_to(Path(find_spec("pip").origin).parent)
        uv, name = installer
        (environment / "bin" / "uv").symlink_to(uv)
        lock.write_text("".join(lines))
        variables = {
            "UV_CACHE_DIR": str(tmp_path / "cache"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(index),
        }
        done = subprocess.run(
            [INSTALL_LOCK, environment / "bin" / "python", lock],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        installed = list(metadata.distributions(path=[str(packages)]))
        assert {each.read_text("INSTALLER").strip() for each in installed} <= {name}
        return done, {each.name: each.version for each in installed}

    return install


@every_installer
def test_a_lock_installs_while_the_index_has_newer_releases(index, install):
    part = wheel(index, "part", "1.0", "Provides-Extra: more")
    whole = wheel(index, "whole", "1.0", "Requires-Dist: part[more]>=1.0")
    done, packages = install(part, whole)
    assert done.returncode == 0, done.stderr
    assert packages == {"part": "1.0", "whole": "1.0"}


@one_installer
def test_a_lock_that_is_not_complete_is_refused(index, install):
    done, _ = install(wheel(index, "whole", "1.0", "Requires-Dist: part[more]>=1.0"))
    assert done.returncode == 1
    assert "some.lock is not complete" in done.stderr
    assert "part" in done.stderr


@one_installer
def test_a_file_with_another_hash_is_refused(index, install):
    entry = wheel(index, "part", "1.0")
    wheel(index, "part", "1.0", "Provides-Extra: more")
    done, packages = install(entry)
    assert done.returncode != 0
    assert not packages


def test_every_lock_is_known_here():
    searched = [*ROOT.glob("*"), *(ROOT / "tests").rglob("*"), *(ROOT / "localstack").glob("*")]
    texts = [file for file in searched if file.suffix in {".lock", ".txt"} and file.is_file()]
    assert {file for file in texts if "--hash=sha256:" in file.read_text()} == set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_has_a_hash_for_each_package_and_no_address(lock):
    text = lock.read_text()
    packages = list(entries(text))
    assert packages
    assert len(packages) == len(re.findall(r"^[^ #]", text, re.MULTILINE))
    assert all("--hash=sha256:" in package.text for package in packages)
    assert not re.search(r"://|index-url|find-links|trusted-host", text)


def test_only_install_lock_installs_from_a_lock():
    assert "--no-deps --require-hashes --requirement" in INSTALL_LOCK.read_text()
    scripts = [
        ROOT / "Makefile",
        *(ROOT / "localstack").glob("*"),
        *(ROOT / "tools").glob("*"),
        *ROOT.glob(".ci/*"),
    ]
    reads = re.compile(r"--requirement\b|--constraint\b|\bpip.* -[rc] ").search
    assert [file for file in scripts if file.is_file() and reads(file.read_text())] == [INSTALL_LOCK]


def test_a_lock_holds_all_that_its_packages_ask_for_with_extras():
    lock = next(lock for lock in (NEWEST, LOWEST) if chosen(lock)["boto3"] == metadata.version("boto3"))
    locked = chosen(lock)
    for requirement in needed(*(["dev"] if find_spec("mypy") else ["all", "test"])):
        name = canonicalize_name(requirement.name)
        if name != "holdall":
            assert name in locked, f"{requirement} is not in {lock.name}"
            assert requirement.specifier.contains(locked[name]), requirement


def test_azurite_is_locked_by_hashes_and_no_address():
    lock = json.loads((ROOT / "localstack" / "package-lock.json").read_text())
    wanted = json.loads((ROOT / "localstack" / "package.json").read_text())["dependencies"]
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert lock["packages"][""]["dependencies"] == wanted
    assert packages["node_modules/azurite"]["version"] == wanted["azurite"]
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    assert '"npm", "ci"' in (ROOT / "localstack" / "up").read_text()


def test_images_are_named_by_digest_in_the_release_that_is_installed_without_docker():
    compose = (ROOT / "localstack" / "compose.yaml").read_text()
    images = re.findall(r"image: \S+/(\S+?):([\d.]+)@sha256:[0-9a-f]{64} ?", compose)
    assert len(images) == compose.count("image:")
    wanted = json.loads((ROOT / "localstack" / "package.json").read_text())["dependencies"]
    assert dict(images)["azurite"] == wanted["azurite"]
