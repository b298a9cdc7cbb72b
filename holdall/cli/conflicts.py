"""The commands conflicts and settle, for keys that changed at several stores which keep history."""

import json
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, BinaryIO

import click

from holdall.cli.address import positional
from holdall.cli.help import examples
from holdall.cli.history import author_option, message_option, open_versions, user_name
from holdall.cli.output.printing import print_bytes, print_json
from holdall.cli.output.safe_text import one_line
from holdall.cli.output.table import table
from holdall.cli.output.values import format_value, parse_value
from holdall.errors import HoldallError
from holdall.history import note
from holdall.keys import format_key
from holdall.registry import plan
from holdall.replication import KeyConflict, Sibling, conflicts, find_conflict, merge_fields, settle
from holdall.store import MISSING

Fields = dict[str, str]
"""The JSON of each field of a document, by its JSON Pointer. The pointer of a whole value is ""."""


@click.command(
    "conflicts",
    epilog=examples(
        "conflicts 'sqlite:///shop.db?history=on'", "conflicts --json 'sqlite:///shop.db?history=on' orders/"
    ),
)
@positional(optional="prefix")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array with one object per key.")
@click.pass_context
def conflicts_(ctx: click.Context, at: dict[str, Any], as_json: bool) -> None:
    """List the keys that begin with PREFIX and changed at several stores without knowing of each other.

    The first revision is the one that the store shows. For JSON documents, the table has the fields that differ, next
    to their last common value. `holdall sync --both --conflict keep` makes such conflicts, and `holdall settle` ends
    them. The exit code is 1 if there is a conflict.
    """
    found = 0
    rows: list[dict[str, Any]] = []
    with open_versions(at) as store:
        for conflict in conflicts(store, at["prefix"] or ""):
            found += 1
            if as_json:
                rows.append(_to_json(conflict))
            else:
                print_bytes(_draw(conflict).encode(errors="backslashreplace"))
    if as_json:
        print_json(rows)
    elif not found:
        click.echo("no conflicts", err=True)
    ctx.exit(1 if found else 0)


@click.command(
    "settle",
    epilog=examples(
        "settle 'sqlite:///shop.db?history=on' orders/17 --take 2-5f0e",
        "settle 'sqlite:///shop.db?history=on' orders/18 --merge",
        "settle 'sqlite:///shop.db?history=on' orders/19 --value order.json -m 'as the customer said'",
    ),
)
@positional("key")
@click.option(
    "--take", metavar="REVISION", help="Take the value of this revision, or delete KEY if it is a deletion."
)
@click.option(
    "--value", "source", type=click.File("rb"), help="Take the value in this file; - is standard input."
)
@click.option("--merge", is_flag=True, help="Merge the JSON documents by field.")
@author_option
@message_option
def settle_(
    at: dict[str, Any],
    take: str | None,
    source: BinaryIO | None,
    merge: bool,
    author: str | None,
    message: str,
) -> None:
    """End the conflict of KEY with a revision that follows all of those in conflict.

    A sync brings it to the other stores, where it ends the conflict too. REVISION is a name that `holdall conflicts`
    shows, or its first characters. --merge takes each field from the document that changed it, and fails if several
    changed the same field to different values.
    """
    if (take is not None) + (source is not None) + merge != 1:
        raise click.UsageError("give one of --take, --value and --merge")
    with open_versions(at) as store:
        key = at["key"]
        conflict = find_conflict(store, key)
        if conflict is None:
            raise HoldallError(
                f"{format_key(key)} is not in conflict; `holdall conflicts` lists the keys that are", key=key
            )
        if source is not None:
            value = parse_value(source.read(), plan(at["uri"])[0])
        else:
            value = _merge(conflict) if take is None else _find(conflict, take).value
        with note(author or user_name(), message or "settle"):
            settle(store, key, value, expected=conflict.tag)


def _find(conflict: KeyConflict, name: str) -> Sibling:
    """Return the sibling whose revision, or the id in it, begins with ``name``."""
    found = [
        each
        for each in conflict.siblings
        if name and any(text.startswith(name) for text in (each.revision, each.revision.partition("-")[2]))
    ]
    if len(found) != 1:
        names = ", ".join(each.revision for each in conflict.siblings)
        raise HoldallError(
            f"{name!r} does not name one of the revisions of {format_key(conflict.key)}; give one of {names}"
        )
    return found[0]


def _merge(conflict: KeyConflict) -> Any:
    def merge(ours: Any, theirs: Any) -> Any:
        merged = merge_fields(conflict.base, ours, theirs)
        if merged.conflicts:
            fields = ", ".join(path or "the whole value" for path in merged.conflicts)
            raise HoldallError(
                f"{format_key(conflict.key)} cannot be merged, because several revisions changed the same part to "
                f"different values ({fields}); settle it with --take or --value",
                key=conflict.key,
            )
        return merged.value

    return reduce(merge, (each.value for each in conflict.siblings))


# ---- Showing -------------------------------------------------------------------------------------------------


def _to_json(conflict: KeyConflict) -> dict[str, Any]:
    return {
        "key": conflict.key,
        "base": _document(conflict.base),
        "siblings": [
            {
                "revision": each.revision,
                "time": each.time.isoformat(),
                "author": each.note.author,
                "message": each.note.message,
                "deleted": each.value is MISSING,
                "value": _document(each.value),
            }
            for each in conflict.siblings
        ],
    }


def _document(value: Any) -> Any:
    """Return the document of ``value`` if it is JSON, its text if it is not, or None if it is MISSING."""
    if value is MISSING:
        return None
    data = format_value(value)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "backslashreplace")


def _draw(conflict: KeyConflict) -> str:
    """Return a table with a column for the last common value, and one for each revision in conflict."""
    siblings = conflict.siblings
    columns = ("", "base", *(each.revision for each in siblings))
    fields = [
        dict(_fields("", _document(value))) for value in (conflict.base, *(each.value for each in siblings))
    ]
    times = (f"{each.time:%Y-%m-%d %H:%M:%S}Z" for each in siblings)
    rows: list[Sequence[str]] = [
        ("time", "", *times),
        ("author", "", *(one_line(each.note.author) for each in siblings)),
    ]
    if MISSING in [each.value for each in siblings]:
        rows.append(("deleted", "", *("yes" if each.value is MISSING else "" for each in siblings)))
    for path in sorted({path for each in fields for path in each}):
        cells = [each.get(path, "") for each in fields]
        if len(set(cells)) > 1:
            rows.append((one_line(path) or "value", *map(one_line, cells)))
    return table(columns, rows, one_line(format_key(conflict.key)))


def _fields(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _fields(f"{path}/{name.replace('~', '~0').replace('/', '~1')}", each)
    elif value is not None or path:
        yield path, json.dumps(value, ensure_ascii=False)
