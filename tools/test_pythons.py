"""Run the suite on every Python from 3.11 that this machine has, each in an environment of its own.

Looks on the path, in /usr/bin and /usr/local/bin, and among pyenv's versions. Exits with 1 where any of
them fails, and lists at the end which it ran and which it could not, with the reason.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
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
        asked = subprocess.run([candidate, "-c", ASK], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            version, implementation, executable = asked.stdout.strip().split(" ", 2)
            if numbers(version) >= OLDEST:
                found[Path(executable).resolve()] = f"{implementation}-{version}"
    return dict(sorted(found.items(), key=lambda item: numbers(item[1].rpartition("-")[2])))


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare; a release candidate counts as its release."""
    return tuple(int("".join(filter(str.isdigit, part))) for part in version.split(".")[:2])


def tested(python: Path, name: str) -> str:
    """What became of the suite on ``python``, in a word or two."""
    environment = ENVIRONMENTS / name
    made = subprocess.run(
        [python, "-m", "venv", environment], capture_output=True, text=True, check=False
    )
    if made.returncode:
        return (
            f"skipped: it cannot make a virtual environment ({made.stdout.strip().splitlines()[0]})"
        )
    run = str(environment / "bin" / "python"), "-m"
    pip = *run, "pip", "install", "--quiet", "--disable-pip-version-check"
    subprocess.run([*pip, "--require-hashes", "--requirement", "requirements.lock"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", "."], check=True)
    return (
        "failed"
        if subprocess.run([*run, "pytest", "--quiet"], check=False).returncode
        else "passed"
    )


def main() -> int:
    """Run, report, and say whether any failed."""
    outcomes: dict[str, str] = {}
    for python, name in pythons().items():
        print(f"\n{name}: {python}", flush=True)
        outcomes[f"{name:18} {python}"] = tested(python, name)
    print("\nThe suite on every Python here:")
    for name, outcome in outcomes.items():
        print(f"  {name}  {outcome}")
    return 1 if "failed" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main())
