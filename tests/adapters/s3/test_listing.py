"""Listings are in code-point order, also on a server that lists one folder after the other."""

from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdall import Corrupt
from holdall.adapters._objectstore.names import NameRange
from holdall.adapters.s3.listing import list_flat, list_nested
from holdall.keys import is_reserved

_segments = st.sampled_from(["a", "a-", "a.b", "a0", "b", "é", "\U0001f4d8", ".holdall", "B"])
_names = st.lists(_segments, min_size=1, max_size=3).map("/".join)
_texts = st.sampled_from(["", "a", "a/", "a-", "a/a", "a0", "b/", ".holdall/", "é"])


class Flat:
    """A server that lists names in the order of their code points."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def __call__(self, **asked: Any) -> dict[str, Any]:
        paths = self.paths(asked["Prefix"], asked.get("Delimiter", ""))
        found = [path for path in paths if path.rstrip("/") > asked.get("StartAfter", "")]
        page = found[: asked["MaxKeys"]]
        return {
            "Contents": [{"Key": path, "ETag": f'"{path}"'} for path in page if path in self.names],
            "CommonPrefixes": [{"Prefix": path} for path in page if path not in self.names],
            "IsTruncated": len(page) < len(found),
        }

    def paths(self, prefix: str, delimiter: str) -> list[str]:
        """The entries below ``prefix``, in the order of this server."""
        return sorted(name for name in self.names if name.startswith(prefix))


class Nested(Flat):
    """A server that keeps objects in folders, and lists the entries of one folder by their names."""

    def paths(self, prefix: str, delimiter: str) -> list[str]:
        heads = {
            prefix + head + slash
            for name in self.names
            if name.startswith(prefix)
            for head, slash, _ in [name[len(prefix) :].partition(delimiter)]
        }
        return sorted(heads, key=lambda path: path.rstrip("/"))


def expected(names: set[str], span: NameRange) -> list[tuple[str, str]]:
    found = (
        n for n in sorted(names) if n.startswith(span.prefix) and span.low <= n < (span.high or "\U0010ffff")
    )
    return [(name, name) for name in found if not (span.hides and is_reserved(name))]


def shown(found: Any, span: NameRange) -> list[tuple[str, str]]:
    """The objects that a scan shows; a listing may yield reserved ones."""
    return [tuple(each) for each in found if not (span.hides and is_reserved(each.name))]


_spans = st.tuples(_texts, _texts, st.none() | _texts, st.booleans()).map(
    lambda parts: NameRange(parts[0], max(parts[0], parts[1]), parts[2] or None, parts[3])
)


@given(st.sets(_names, max_size=12), _spans, st.integers(1, 4))
def test_both_orders_give_the_same_scan(names, span, size):
    assume(not any(other.startswith(f"{name}/") for name in names for other in names))
    assert shown(list_flat(Flat(names), span, size), span) == expected(names, span)
    assert shown(list_nested(Nested(names), span, size), span) == expected(names, span)


@pytest.mark.parametrize("scan", [list_flat, list_nested])
def test_a_server_that_repeats_a_page_is_not_asked_for_ever(scan: Any):
    """Some servers ignore StartAfter."""

    def ask(**asked: Any) -> dict[str, Any]:
        return {"Contents": [{"Key": "a", "ETag": '"1"'}], "IsTruncated": True}

    with pytest.raises(Corrupt, match="repeats a page"):
        list(islice(scan(ask, NameRange("", "", None, hides=False)), 9))


def test_a_server_that_repeats_a_folder_is_not_asked_for_ever():
    asked = []

    def ask(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        assert len(asked) < 9
        return {"CommonPrefixes": [{"Prefix": ".holdall/"}], "IsTruncated": True}

    with pytest.raises(Corrupt, match="repeats a page"):
        list(list_nested(ask, NameRange("", "", None, hides=True)))
