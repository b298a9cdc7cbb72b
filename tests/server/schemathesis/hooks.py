"""The rules that JSON Schema cannot express: keys have at most 400 bytes, and some parameters exclude each other."""

from contextlib import suppress

import schemathesis
from schemathesis import GenerationMode

TOGETHER = [("at", "as_of"), ("keys", "key"), ("keys", "start"), ("keys", "stop"), ("keys", "group")]
TOGETHER += [("key", "start"), ("key", "stop")]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Send no Idempotency-Key, because no two different writes may have the same one."""
    for path in raw_schema["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                kept = [each for each in operation["parameters"] if each["name"] != "Idempotency-Key"]
                operation["parameters"] = kept


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make a request that fits the schema one that fits the rest, too."""
    if str((case.query or {}).get("wait", "")).isdigit() and 1 < int(case.query["wait"]) <= 60:
        case.query["wait"] = 1  # a valid request waits for so long
    if case.meta is not None and case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    for part in (case.path_parameters, case.query, case.body):
        _shorten(part)
    query = case.query = _either(case)
    if "views" in case.path or "docs" in case.path:
        for kept, dropped in TOGETHER:
            if kept in query:
                query.pop(dropped, None)
    if query.get("include") in ("tags", "all"):
        query.pop("as_of", None)


def _either(case):
    """The parameters, in which a request that deletes many keys gives either a prefix or ``all``."""
    query = case.query or {}
    if case.method.upper() == "DELETE" and "/docs" in case.path and "{key}" not in case.path:
        query = {"all": "true", **query}
        if "prefix" in query:
            del query["all"]
    return query


def _shorten(part):
    with suppress(AttributeError, TypeError):  # it is not an object
        for each in [part, *part.get("operations", [])]:
            if isinstance(key := each.get("key"), str) and len(key.encode()) > 400:
                each["key"] = "long"
