"""Reading of YAML: libyaml's events to plain values, without YAML's surprising or dangerous features."""

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Final

import yaml
from yaml import CSafeLoader
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from holdall.middleware.documents.plain import DEPTH

Events = Iterator[Event]

_TAG: Final = "tag:yaml.org,2002:"
_LONGEST: Final = 4300  # characters of a number or date; Python has the same limit for an int in text


def load(data: bytes) -> Any:
    """The value of the one UTF-8 document in ``data``; raises ValueError unless there is exactly one."""
    events = yaml.parse(data.decode(), Loader=CSafeLoader)
    try:
        return _document(events)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ValueError(f"line {line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def size_of(data: bytes, enough: int) -> int:
    """About how much memory the document takes; any size over ``enough`` as soon as it is more."""
    size = 0
    with contextlib.suppress(yaml.YAMLError):  # reading the document raises the error
        for event in yaml.parse(data.decode(), Loader=CSafeLoader):
            size += _MAP if isinstance(event, MappingStartEvent) else _PART
            size += len(event.value) if isinstance(event, ScalarEvent) else 0
            if size > enough:
                break
    return size


_MAP, _PART = 184, 72  # bytes of a dict, and of any other part with a pointer to it


def _document(events: Events) -> Any:
    next(events)  # the start of the stream
    _expect(next(events), DocumentStartEvent, "there is no document")
    value = _value(next(events), events, DEPTH)
    _expect(next(events), DocumentEndEvent, "the document does not end")
    _expect(next(events), StreamEndEvent, "there is more than one document")
    return value


def _expect(event: Event, kind: type[Event], problem: str) -> None:
    if not isinstance(event, kind):
        raise ValueError(problem)


def _value(event: Event, events: Events, depth: int) -> Any:
    if isinstance(event, ScalarEvent):
        return _scalar(event)
    if isinstance(event, AliasEvent):
        raise _wrong(event, "an alias (*) is refused; write the part out")
    if depth < 0:
        raise _wrong(event, f"more than {DEPTH} lists and maps are nested")
    if isinstance(event, MappingStartEvent):
        _check_tag(event, "map")
        return _map(events, depth - 1)
    _check_tag(event, "seq")
    return [_value(part, events, depth - 1) for part in _until(SequenceEndEvent, events)]


def _map(events: Events, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in _until(MappingEndEvent, events):
        name = _value(event, events, depth)
        if type(name) is not str:
            raise _wrong(event, "the name of a field is not text; put it in quotes")
        if name in found:
            raise _wrong(event, f"{name[:60]!r} appears twice")
        found[name] = _value(next(events), events, depth)
    return found


def _until(end: type[Event], events: Events) -> Iterator[Event]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _check_tag(event: Any, kind: str) -> None:
    if event.tag not in (None, "!", _TAG + kind):
        raise _wrong(event, f"the tag {event.tag[:60]!r} is refused")


def _scalar(event: Any) -> Any:
    plain, _ = event.implicit
    if plain and event.tag is None:
        return plain_value(event.value)
    if event.tag == _TAG + "binary":
        return base64.b64decode("".join(event.value.split()), validate=True)
    _check_tag(event, "str")
    return event.value


def plain_value(text: str) -> Any:
    """The word, number or date that ``text`` without quotes stands for; otherwise the text itself.

    It is text unless every version of YAML reads it as the same other value. So ``no`` (false in YAML 1.1),
    ``0123`` (octal), ``12:30`` (sexagesimal), ``0x1f`` and ``1_000`` are read as strings.

    >>> [plain_value(text) for text in ("true", "no", "12", "0123", "12:30", "1e3", "~")]
    [True, 'no', 12, '0123', '12:30', 1000.0, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    for pattern, make in _FORMS:
        if pattern(text):
            if len(text) > _LONGEST:
                raise ValueError(f"a number of {len(text):,} characters is refused")
            return make(text)
    return text


_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[-+][0-9]{2}:[0-9]{2})?"
_FORMS: Final[tuple[tuple[Callable[[str], object], Callable[[str], Any]], ...]] = (
    (re.compile(r"[-+]?(0|[1-9][0-9]*)").fullmatch, int),
    (re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?").fullmatch, float),
    (re.compile(_DATE).fullmatch, date.fromisoformat),
    (re.compile(f"{_DATE}[Tt ]{_TIME}").fullmatch, datetime.fromisoformat),
)


def _wrong(event: Any, problem: str) -> ValueError:
    return ValueError(f"line {event.start_mark.line + 1}: {problem}")
