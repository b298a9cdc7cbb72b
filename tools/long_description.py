"""Makes the package's long description from README.md, without links that only work inside the repository."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = r"\[([^]]*)\]\((?!https?://)[^)]*\)"
_picture = re.compile(rf"^!{_LINK}\n+", re.MULTILINE)
_aside = re.compile(rf" \({_LINK}\)")
_link = re.compile(_LINK)


def without_links(text: str) -> str:
    """The Markdown ``text`` without pictures, asides and relative links. The words of a link stay.

    >>> without_links("See [the docs](docs/index.md), or [Python](https://python.org) ([how](docs/how.md)).")
    'See the docs, or [Python](https://python.org).'
    """
    return _link.sub(r"\1", _aside.sub("", _picture.sub("", text)))


class LongDescription(MetadataHookInterface):
    """Hatchling calls this hook when it builds the package."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": without_links(text)}
