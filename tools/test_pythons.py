"""Run the suite on every Python from 3.11 that this machine has, each in an environment of its own.

Looks on the path, in /usr/bin and /usr/local/bin, and among pyenv's versions. Exits with 1 where any of
them fails, and lists at the end which it ran and which it could not, with the reason.
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
    """Whatever is called python3.N where Pythons are kept."""
    path = [*os.get_exec_path(), "/usr/bin", "/usr/local/bin"]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for folder in (*map(Path, path), *pyenv.glob("*/bin")):
        yield from (file for file in folder.glob("python3.*") if file.suffix[1:].isdigit())


def pythons() -> dict[Path, str]:
    """Each interpreter that runs and is new enough, oldest first, and its name and version."""
    found: dict[Path, str] = {}
    for candidate in candidates():
        asked = subprocess.run([candidate, "-c", ASK], capture_output=True, text=True)
        if asked.returncode == 0:
            version, implementation, executable = asked.stdout.strip().split(" ", 2)
            if Version(version) >= OLDEST:
                found[Path(executable).resolve()] = f"{implementation}-{version}"
    return dict(sorted(found.items(), key=lambda item: Version(item[1].rpartition("-")[2])))


def tested(python: Path) -> str:
    """What became of the suite on ``python``: passed, failed, or skipped and why."""
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
    """Run, report, and say whether any failed."""
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
