"""Print the part of a lock that extras of holdall need: `python tools/sublock.py requirements.lock all test`.

Run it by a Python in which the whole lock is installed, because it reads the requirements of each installed package.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; ([^\\\n]+))? *\\?(?:\n    .*)*", re.MULTILINE)


class Entry(NamedTuple):
    """One package of a lock; `text` is its whole entry in the lock."""

    name: str
    version: str
    marker: str
    text: str

    def chosen(self) -> bool:
        """Whether pip would install it for this Python and machine."""
        return not self.marker or Marker(self.marker).evaluate()


def entries(lock: str) -> Iterator[Entry]:
    """Yield the packages that ``lock`` names. It may name a package twice, with different markers."""
    for found in ENTRY.finditer(lock):
        yield Entry(found[1], found[2], found[3] or "", found[0])


def needed(*extras: str) -> Iterator[Requirement]:
    """Yield every requirement of holdall with ``extras`` on this Python, and of each package that it requires."""
    waiting, seen = [Requirement(f"holdall[{','.join(extras)}]")], set[str]()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        yield requirement
        for one in map(Requirement, metadata.requires(requirement.name) or ()):
            chosen = requirement.extras or {""}
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in chosen):
                waiting.append(one)


def main(lock: str, *extras: str) -> None:
    """Print the entries of the file ``lock`` in its own order."""
    names = {canonicalize_name(requirement.name) for requirement in needed(*extras)}
    for entry in entries(Path(lock).read_text()):
        if entry.name in names:
            print(entry.text)


if __name__ == "__main__":
    main(*sys.argv[1:])
