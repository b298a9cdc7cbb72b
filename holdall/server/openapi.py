"""The words in which each resource describes its part of the OpenAPI document (OpenAPI 3.1).

A resource has a method ``describe(served)``, which returns the operations that it offers for a store, by their
method of HTTP. A method that the store cannot do is left out.
"""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from holdall.server.stores import Served

Schema = dict[str, Any]
Operations = dict[str, dict[str, Any]]

JSON: Final = "application/json"
TEXT: Final[Schema] = {"type": "string"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
LINK: Final[Schema] = {"type": "string", "format": "uri-reference"}
ANY: Final[Schema] = {}

PROBLEM: Final = {"$ref": "#/components/responses/Problem"}
"""The answer with a problem. An operation names the statuses of problems that a client should expect."""

_segment = r"(?!\.{1,2}(?:/|$)|\.holdall(?:/|$))[^/\\\u0000-\u001f\u007f-\u009f]+"
KEY: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 400,
    "pattern": f"^{_segment}(?:/{_segment})*$",
    "description": "At most 400 bytes of UTF-8.",
}


class Described(Protocol):
    """A resource that describes itself."""

    def describe(self, served: Served, /) -> Operations: ...


def whole(least: int, most: int) -> Schema:
    """Return the schema of the whole numbers from ``least`` to ``most``."""
    return {"type": "integer", "minimum": least, "maximum": most}


def list_of(items: Schema) -> Schema:
    """Return the schema of an array of ``items``."""
    return {"type": "array", "items": items}


def nullable(schema: Schema) -> Schema:
    """Return the schema of ``schema`` or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def an_object(*optional: str, **members: Schema) -> Schema:
    """Return the schema of an object with these members and no others, all required but the ``optional`` ones."""
    required = [name for name in members if name not in optional]
    return {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def query(name: str, schema: Schema, description: str, *, required: bool = False) -> dict[str, Any]:
    """Return the description of a parameter of the query string."""
    return _parameter("query", name, description, required) | {"schema": schema}


def json_query(name: str, schema: Schema, description: str) -> dict[str, Any]:
    """Return the description of a parameter of the query string whose text is JSON."""
    return _parameter("query", name, description, False) | {"content": {JSON: {"schema": schema}}}


def header(name: str, schema: Schema, description: str, *, required: bool = False) -> dict[str, Any]:
    """Return the description of a header of a request."""
    return _parameter("header", name, description, required) | {"schema": schema}


def in_path(name: str, schema: Schema) -> dict[str, Any]:
    """Return the description of a part of a path."""
    return _parameter("path", name, "", True) | {"schema": schema}


def _parameter(place: str, name: str, description: str, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "required": required}


def content(schema: Schema, *media_types: str) -> dict[str, Any]:
    """Return the ``content`` of a body with this schema, which is JSON unless ``media_types`` are given."""
    return {media_type: {"schema": schema} for media_type in media_types or (JSON,)}


def values(served: Served) -> dict[str, Any]:
    """Return the ``content`` of a body that is a value of the store."""
    schema = {"$ref": f"#/components/schemas/{name_of_values(served)}"}
    return content(schema, *served.representation.forms)


def name_of_values(served: Served) -> str:
    """Return the name of the schema of the values of the store."""
    return f"values.{served.name}"


def body(schema: Schema, *media_types: str) -> dict[str, Any]:
    """Return the description of the body of a request."""
    return {"required": True, "content": content(schema, *media_types)}


def answer(
    description: str, contents: dict[str, Any] | None = None, headers: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the description of an answer with these ``headers``, which it may have."""
    found: dict[str, Any] = {"description": description}
    if contents:
        found["content"] = contents
    if headers:
        found["headers"] = {name: {"schema": TEXT} for name in headers}
    return found


def operation(
    summary: str,
    answers: dict[int, dict[str, Any]],
    *,
    parameters: Iterable[dict[str, Any]] = (),
    request: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the description of a method of a resource. Every status that is not in ``answers`` is a problem."""
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {str(status): each for status, each in answers.items()},
    }
    found["responses"]["default"] = PROBLEM
    if request:
        found["requestBody"] = request
    return found


def read(found: dict[str, Any]) -> Operations:
    """Return the operation ``found`` as GET, and as HEAD, whose answers have no body."""
    without = {
        status: {"description": "a problem"} if each is PROBLEM else _without_content(each)
        for status, each in found["responses"].items()
    }
    return {"get": found, "head": {**found, "responses": without}}


def _without_content(found: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in found.items() if name != "content"}
