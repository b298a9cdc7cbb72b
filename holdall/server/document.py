"""One value: GET, HEAD, PUT, PATCH and DELETE of ``/v1/{store}/docs/{key}``."""

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from holdall.adapters._shared.etags import etag
from holdall.errors import Conflict
from holdall.extras import needs
from holdall.files import ValueReader
from holdall.server import files, ranges
from holdall.server.bodies import read_body
from holdall.server.content import choose_form, decode_value, open_value
from holdall.server.etags import UNTAGGED, Conditions, failed, marked
from holdall.server.limits import Limits
from holdall.server.openapi import (
    PROBLEM,
    TEXT,
    Operations,
    answer,
    content,
    header,
    operation,
    read,
    values,
)
from holdall.server.parameters import read_parameters
from holdall.server.past import AS_OF, AT, PARAMETERS, has_history, missing_revision, modified, read_past
from holdall.server.patches import JSON, MEDIA_TYPES, MERGE, SCHEMA, patch
from holdall.server.problems import MissingKey
from holdall.server.ranges import Parts
from holdall.server.representation import DocumentRepresentation, Form
from holdall.server.slots import Slots
from holdall.server.stores import Served, Stores
from holdall.server.streams import limit
from holdall.store import ABSENT, ATTEMPTS, Feature, Store, Tag, Tagged, pause

with needs("server"):
    import falcon


R = TypeVar("R")


class Documents:
    """The resource of one value."""

    def __init__(self, stores: Stores, limits: Limits, slots: Slots) -> None:
        self._stores = stores
        self._max_body = limits.body
        self._seconds = limits.seconds
        self._slots = slots

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the value, 304 if the client has it already, or 404.

        With the parameter ``at`` or ``as_of``, answer with the value at that revision or time.
        """
        given = read_parameters(req, *PARAMETERS)
        req.context.access.check(store, key)
        served = self._stores.find(store, req, key)
        form = choose_form(req, resp, served)

        def hold(parts: Parts) -> Parts:
            return limit(self._slots.hold(parts), req.context.check, self._seconds)

        if given:
            _answer_past(req, resp, served, key, given, form, hold)
            return
        try:
            _answer(req, resp, served, key, form, hold)
        except Conflict:  # the value was replaced while a part of it was read
            _answer(req, resp, served, key, form, hold, whole=True)

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        shown = values(served)
        conditions = [header(name, TEXT, f"The condition {name}.") for name in ("If-Match", "If-None-Match")]
        found = operation(
            "Read a value",
            {
                200: answer("the value", shown, ["ETag", "Last-Modified", "Accept-Ranges"]),
                206: answer("a range of the value", shown, ["ETag", "Content-Range"]),
                304: answer("the client has the value already", None, ["ETag"]),
                404: PROBLEM,
            },
            parameters=[*conditions, *([AT, AS_OF] if has_history(served) else [])],
        )
        written = operation(
            "Write a value",
            {
                201: answer("the key is new", None, ["ETag"]),
                204: answer("it is written", None, ["ETag"]),
                412: PROBLEM,
            },
            parameters=conditions,
            request={"required": True, "content": values(served)},
        )
        deleted = operation(
            "Delete a key", {204: answer("it is deleted"), 404: PROBLEM, 412: PROBLEM}, parameters=conditions
        )
        return {**read(found), "put": written, "delete": deleted, **self._describe_patch(served, conditions)}

    def _describe_patch(self, served: Served, conditions: list[dict[str, Any]]) -> Operations:
        if not isinstance(served.representation, DocumentRepresentation):
            return {}
        patched = operation(
            "Change a document by a merge patch or a JSON patch",
            {200: answer("the new document", values(served), ["ETag"]), 404: PROBLEM},
            parameters=conditions,
            request={"required": True, "content": {**content({}, MERGE), **content(SCHEMA, JSON)}},
        )
        return {"patch": patched}

    def on_put(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Write the value: 201 if the key was missing, else 204."""
        read_parameters(req)
        req.context.access.check(store, key, write=True)
        served = self._stores.find(store, req, key)
        conditions = Conditions.of(req).on(served, Feature.SWAP)
        body = open_value(req, served, self._max_body)
        if files.takes(served, body, conditions):
            created, tag = files.write(served, key, body, conditions)
        else:
            value = decode_value(req, served, body)
            created, tag = _write(served.store, key, value, conditions)
        if tag != ABSENT:
            resp.set_header("ETag", etag(tag))
        resp.status = falcon.HTTP_CREATED if created else falcon.HTTP_NO_CONTENT

    def on_patch(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Change the document by a merge patch or a JSON patch, and answer with the new document."""
        read_parameters(req)
        req.context.access.check(store, key, write=True)
        served = self._stores.find(store, req, key)
        if not isinstance(served.representation, DocumentRepresentation):
            raise falcon.HTTPMethodNotAllowed(["DELETE", "GET", "HEAD", "PUT"])
        form = choose_form(req, resp, served)
        conditions = Conditions.of(req).on(served, Feature.SWAP)
        media_type = (req.content_type or "").partition(";")[0].strip().lower()
        if media_type not in MEDIA_TYPES:
            resp.set_header("Accept-Patch", ", ".join(MEDIA_TYPES))
            raise falcon.HTTPUnsupportedMediaType(
                description=f"the Content-Type of the body is not {' or '.join(MEDIA_TYPES)}"
            )
        body = read_body(req, self._max_body, *MEDIA_TYPES)
        change = patch(served.representation, media_type, body, self._max_body)
        try:
            if conditions.given:
                value, tag = _modify(served.store, key, change, conditions)
                resp.set_header("ETag", marked(etag(tag), form.mark))
            else:
                value = served.store.modify(key, change)
        except KeyError:
            raise _missing(conditions) from None
        resp.content_type = form.content_type
        resp.data = form.write(value)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Delete the key: 204, or 404 if it is missing."""
        read_parameters(req)
        req.context.access.check(store, key, write=True)
        served = self._stores.find(store, req)
        conditions = Conditions.of(req).on(served, Feature.REMOVE)
        if conditions.given:
            _remove(served.store, key, conditions)
        else:
            try:
                del served.store[key]
            except KeyError:
                raise _missing(conditions) from None
        resp.status = falcon.HTTP_NO_CONTENT


def _answer(
    req: falcon.Request,
    resp: falcon.Response,
    served: Served,
    key: str,
    form: Form,
    hold: Callable[[Parts], Parts],
    *,
    whole: bool = False,
) -> None:
    """Answer with the value of ``key``, or a part of it. Raises Conflict if the value of a part was replaced.

    If ``whole``, the value is read at once.
    """
    conditions = Conditions.of(req, form.mark)
    resp.last_modified = modified(served, key)
    file = None if whole else _open_part(req, served, key, conditions)
    value, tag = _read(served.store, key, conditions) if file is None else (file, cast(Tag, file.tag))
    if tag != UNTAGGED:
        resp.set_header("ETag", marked(etag(tag), form.mark))
    if not conditions.match(tag):
        raise failed()
    if not conditions.none_match(tag):
        resp.status = falcon.HTTP_NOT_MODIFIED
        return
    resp.content_type = form.content_type
    ranges.answer(req, resp, form.write(value) if file is None else file, hold)


def _open_part(req: falcon.Request, served: Served, key: str, conditions: Conditions) -> ValueReader | None:
    try:
        return None if conditions.ask_for_existence else files.open_part(req, served, key)
    except KeyError:
        raise _missing(conditions) from None


def _answer_past(
    req: falcon.Request,
    resp: falcon.Response,
    served: Served,
    key: str,
    given: dict[str, str],
    form: Form,
    hold: Callable[[Parts], Parts],
) -> None:
    try:
        value = read_past(served, key, given)
    except KeyError:
        raise missing_revision() from None
    resp.content_type = form.content_type
    ranges.answer(req, resp, form.write(value), hold)


def _read(store: Store[Any], key: str, conditions: Conditions) -> Tagged[Any]:
    """Return the value and its tag; UNTAGGED if the store has no tags."""
    try:
        if conditions.ask_for_existence:
            return Tagged(None, _tag_if_present(store, key))
        return store.get_tagged(key) if Feature.TAGS in store.features else Tagged(store[key], UNTAGGED)
    except KeyError:
        raise _missing(conditions) from None


def _tag_if_present(store: Store[Any], key: str) -> Tag:
    """Return the tag of ``key``, without its value; UNTAGGED if the store has no tags.

    Raises KeyError if ``key`` is missing.
    """
    tag = store.tag(key) if Feature.TAGS in store.features else UNTAGGED
    if tag == ABSENT or (tag == UNTAGGED and key not in store):
        raise KeyError(key)
    return tag


def _missing(conditions: Conditions) -> falcon.HTTPError:
    """Return the error for a missing key: If-Match fails for it."""
    return failed() if conditions.if_match else MissingKey(description="the key does not exist")


def _write(store: Store[Any], key: str, value: Any, conditions: Conditions) -> tuple[bool, Tag]:
    """Write ``value``; return whether the key was missing, and the new tag, or ABSENT if it is not known."""
    if not conditions.given and Feature.SWAP not in store.features:
        created = key not in store
        store[key] = value
        return created, ABSENT
    return _decide(store, key, conditions, lambda tag: (tag == ABSENT, store.swap(key, value, tag)))


def _modify(
    store: Store[Any], key: str, change: Callable[[Any], Any], conditions: Conditions
) -> tuple[Any, Tag]:
    """Replace the value by ``change`` of it. Return the new value and its tag. Raises KeyError if it is missing."""

    def swap(tag: Tag) -> tuple[Any, Tag]:
        value, found = store.get_tagged(key)
        if found != tag:
            raise Conflict(f"{key!r} changed while it was read", key=key)
        value = change(value)
        return value, store.swap(key, value, tag)

    return _decide(store, key, conditions, swap)


def _remove(store: Store[Any], key: str, conditions: Conditions) -> None:
    def remove(tag: Tag) -> None:
        if tag == ABSENT:
            conditions.check(store.tag(key))
            raise _missing(conditions)
        store.remove(key, tag)

    _decide(store, key, conditions, remove)


def _decide(store: Store[Any], key: str, conditions: Conditions, act: Callable[[Tag], R]) -> R:
    """Return ``act(tag)`` for a tag of ``key`` that fits ``conditions``. It raises Conflict if the tag changed.

    If several tags fit, another one is tried then, because the conditions may still hold.
    """
    if (expected := conditions.expected) is not None:
        try:
            return act(expected)
        except Conflict:
            raise failed() from None
    for attempt in range(ATTEMPTS):
        found = store.tag(key)
        conditions.check(found)
        try:
            return act(found)
        except Conflict:
            time.sleep(pause(attempt))
    raise Conflict(f"{key!r} changed {ATTEMPTS} times during one request; try again", key=key)
