"""ETags and conditional requests (RFC 9110, section 13): an ETag is the tag of a key."""

import re
from typing import Final, NamedTuple, Self

from holdall.adapters._shared.etags import unescape_tag
from holdall.extras import needs
from holdall.server.representation import MARK
from holdall.server.stores import Served
from holdall.store import ABSENT, Feature, Tag

with needs("server"):
    import falcon

UNTAGGED: Final = Tag("\ud800")
"""The tag of a value in a store without tags. No header can name it."""

_element = r'[ \t]*+(?:(?:W/)?"[^"]*"[ \t]*+)?'  # possessive, so that a header fails in linear time
_list = re.compile(f"{_element}(?:,{_element})*+").fullmatch
_each = re.compile(r'(W/)?"([^"]*)"').finditer


def marked(tag: str, mark: str) -> str:
    """Return the header ETag ``tag`` with ``mark``.

    >>> marked('"17"', ",msgpack")
    '"17,msgpack"'
    """
    return f'{tag[:-1]}{mark}"'


def _mark_of(text: str) -> str:
    return MARK if text.endswith(MARK) else ""


class Tags(NamedTuple):
    """The tags that a condition names: ``named``, or with ``every`` those of all existing values.

    >>> Tags.parse('"1", W/"2"', weak=False).named
    ('1',)
    """

    named: tuple[Tag, ...]
    every: bool = False

    @classmethod
    def parse(cls, header: str, *, weak: bool, mark: str | None = None) -> Self:
        """Return the tags in ``header``, with those that are marked as weak only if ``weak``.

        With ``mark``, only the ETags of the form with this mark count.

        The empty ETag is left out: no value has it, and ABSENT is the empty tag.
        Raises HTTPBadRequest if the header is not valid.
        """
        if header.strip() == "*":
            return cls((), every=True)
        if not _list(header):
            raise falcon.HTTPBadRequest(description='a condition is *, or ETags in quotes, as in "17"')
        found = [each[2] for each in _each(header) if each[2] and (weak or not each[1])]
        fitting = [each for each in found if mark is None or _mark_of(each) == mark]
        return cls(tuple(unescape_tag(each.removesuffix(_mark_of(each))) for each in fitting))

    def match(self, tag: Tag) -> bool:
        """Return whether a value with ``tag`` exists and is named."""
        return tag != ABSENT and (self.every or tag in self.named)


class Conditions(NamedTuple):
    """The conditions of a request."""

    if_match: Tags | None
    if_none_match: Tags | None

    @classmethod
    def of(cls, req: falcon.Request, mark: str | None = None) -> Self:
        """Return the conditions of ``req``, on the form with ``mark`` if given.

        Raises HTTPBadRequest if one is not valid.
        """
        match, none_match = req.env.get("HTTP_IF_MATCH"), req.env.get("HTTP_IF_NONE_MATCH")
        return cls(
            None if match is None else Tags.parse(match, weak=False, mark=mark),
            None if none_match is None else Tags.parse(none_match, weak=True, mark=mark),
        )

    @property
    def given(self) -> bool:
        """Whether the request has any condition."""
        return self.if_match is not None or self.if_none_match is not None

    @property
    def ask_for_existence(self) -> bool:
        """Whether a GET with these conditions needs no value: the answer is 304 if the key exists."""
        return self.if_match is None and self.if_none_match is not None and self.if_none_match.every

    @property
    def expected(self) -> Tag | None:
        """The only tag that fits the conditions, or None if several tags may fit."""
        if self.if_match is None:
            return ABSENT if self.if_none_match is not None and self.if_none_match.every else None
        alone = self.if_none_match is None and len(self.if_match.named) == 1
        return self.if_match.named[0] if alone else None

    def on(self, served: Served, needed: Feature) -> Self:
        """Return the conditions of a write to ``served`` that the store must check, which needs ``needed``.

        On a store without tags, no ETag fits, so a condition that names ETags is decided here. Raises
        HTTPPreconditionFailed if it does not hold, and HTTPNotImplemented if the store lacks ``needed``.
        """
        left = self
        if self.given and Feature.TAGS not in served.store.features:
            if self.if_match is not None and not self.if_match.every:
                raise failed()
            if self.if_none_match is not None and not self.if_none_match.every:
                left = self._replace(if_none_match=None)
        if left.given:
            served.require(needed, "this store cannot check If-Match or If-None-Match when it is written")
        return left

    def match(self, tag: Tag) -> bool:
        """Return whether a key with ``tag`` (ABSENT if it is missing) fits ``If-Match``."""
        return self.if_match is None or self.if_match.match(tag)

    def none_match(self, tag: Tag) -> bool:
        """Return whether a key with ``tag`` fits ``If-None-Match``."""
        return self.if_none_match is None or not self.if_none_match.match(tag)

    def check(self, tag: Tag) -> None:
        """Raise HTTPPreconditionFailed unless a write to a key with ``tag`` fits both conditions."""
        if not (self.match(tag) and self.none_match(tag)):
            raise failed()


def failed() -> falcon.HTTPPreconditionFailed:
    """Return the error for a condition that does not hold."""
    return falcon.HTTPPreconditionFailed(
        description="the key does not have an expected ETag; read it again and retry"
    )
