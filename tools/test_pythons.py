"""Run the suite on every Python from 3.11 on this machine, each in an environment of its own.

It looks on the path, in /usr/bin and /usr/local/bin, and among pyenv's versions. At the end it lists the Pythons on
which the suite ran, and those on which it could not run, with the reason. The exit status is 1 if any run failed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.version import Version

OLDEST = Version("3.11")
ENVIRONMENTS = Path(".venvs")
ASK = "import platform, sys; print(platform.python_version(), sys.implementation.name, sys.executable)"


def candidates() -> Iterator[Path]:
    """Yield the files called python3.N in the folders that hold Pythons."""
    path = [*os.get_exec_path(), "/usr/bin", "/usr/local/bin"]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for folder in (*map(Path, path), *pyenv.glob("*/bin")):
        yield from (file for file in folder.glob("python3.*") if file.suffix[1:].isdigit())


def pythons() -> dict[Path, str]:
    """The interpreters that run and are new enough, oldest first; for each its name and version."""
    found: dict[Path, str] = {}
    for candidate in candidates():
        asked = subprocess.run([candidate, "-c", ASK], capture_output=True, text=True)
        if asked.returncode == 0:
            version, implementation, executable = asked.stdout.strip().split(" ", 2)
            if Version(version) >= OLDEST:
                found[Path(executable).resolve()] = f"{implementation}-{version}"
    return dict(sorted(found.items(), key=lambda item: Version(item[1].rpartition("-")[2])))


def tested(python: Path) -> str:
    """The result of the suite on ``python``: passed, failed, or skipped with the reason."""
    environment = ENVIRONMENTS / "-".join(python.parts[1:])
    made = subprocess.run([python, "-m", "venv", environment], stdout=subprocess.PIPE, text=True)
    if made.returncode:
        return f"skipped: it makes no virtual environment. {' '.join(made.stdout.split())}"
    run = environment / "bin" / "python", "-m"
    steps = (
        ("tools/install-lock", run[0], "requirements.lock"),
        (*run, "pip", "install", "-qq", "--no-deps", "--no-build-isolation", "--editable", "."),
        ("tools/system-extras", run[0]),
        (*run, "pytest", "--quiet", "--numprocesses=auto", "--dist=loadfile"),
    )
    return "passed" if all(subprocess.run(step).returncode == 0 for step in steps) else "failed"


def main() -> int:
    """Run the suite, print a report, and return 1 if any run failed."""
    outcomes: dict[str, str] = {}
    for python, name in pythons().items():
        print(f"\n{name}: {python}", flush=True)
        outcomes[f"{name:18} {python}"] = tested(python)
    print("\nThe suite on every Python here:")
    for name, outcome in outcomes.items():
        print(f"  {name}  {outcome}")
    return 1 if "failed" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main())
