"""Batches of operations, each in one request that fits the limits of the service."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from holdall.adapters._shared.etags import escape_tag
from holdall.adapters.http.errors import Problem, explain
from holdall.adapters.http.link import Link
from holdall.adapters.http.service import Service
from holdall.adapters.http.values import Result
from holdall.batches import BATCH, ROOM, text
from holdall.errors import Corrupt, TooLarge
from holdall.extras import needs
from holdall.store import Tag

with needs("http"):
    import msgspec

_encode: Final = msgspec.json.encode
_FRAME: Final = len(b'{"operations":[]}')
_FULL: Final = 413
_JSON: Final = {"Content-Type": "application/json"}


class Coded(NamedTuple):
    """An operation on ``key`` as its JSON."""

    key: str
    text: bytes


def code_get(key: str) -> Coded:
    """Return the operation that reads ``key``."""
    return Coded(key, _encode({"op": "get", "key": text(key)}))


def code_put(service: Service, key: str, value: bytes) -> Coded:
    """Return the operation that writes ``value``. Raises Invalid if the value is not of the kind of the store."""
    return Coded(key, _encode({"op": "put", "key": text(key), "value": service.values.encode(key, value)}))


def code_delete(key: str) -> Coded:
    """Return the operation that deletes ``key`` if it exists."""
    return Coded(key, _encode({"op": "delete", "key": text(key)}))


def _code_expect(key: str, tag: Tag) -> Coded:
    return Coded(key, _encode({"op": "expect", "key": text(key), "tag": escape_tag(tag) or None}))


def split_coded(operations: Iterable[Coded], service: Service) -> Iterator[list[Coded]]:
    """Yield ``operations`` in lists that each fit a request. An operation that does not fit is alone in its list."""
    most = min(BATCH, service.info.operations)
    room = min(ROOM, service.info.body) - _FRAME
    batch: list[Coded] = []
    left = room
    for operation in operations:
        size = len(operation.text) + 1
        if batch and (size > left or len(batch) == most):
            yield batch
            batch, left = [], room
        batch.append(operation)
        left -= size
    if batch:
        yield batch


def fits(batch: list[Coded], service: Service) -> bool:
    """Return whether the body of ``batch`` is within the limit of the service."""
    return sum(len(each.text) + 1 for each in batch) + _FRAME <= service.info.body


def run_batch(link: Link, service: Service, batch: list[Coded]) -> list[Result[Any]]:
    """Return the results of ``batch``."""
    answer = link.ask("POST", link.place.verb("batch"), _body(batch), _JSON)
    results = answer.decode(service.values.results, link.place.url).results
    if len(results) != len(batch):
        raise Corrupt(
            f"the answer of {link.place.url} has {len(results)} results for {len(batch)} operations"
        )
    return results


def write_batch(link: Link, service: Service, batch: list[Coded]) -> None:
    """Carry out ``batch``. Raises the error of the first operation that failed."""
    for operation, result in zip(batch, run_batch(link, service, batch), strict=True):
        if result.status >= 300:
            raise error_of(result, link.place.url, operation.key)


def read_batch(link: Link, service: Service, batch: list[Coded]) -> list[bytes | None]:
    """Return the values of the first operations of ``batch``, as many as the answer has room for.

    The value of a missing key is None.
    """
    values: list[bytes | None] = []
    for operation, result in zip(batch, run_batch(link, service, batch), strict=True):
        if result.status == _FULL:
            break
        values.append(_value_of(result, service, link.place.url, operation.key))
    return values


def _value_of(result: Result[Any], service: Service, where: str, key: str) -> bytes | None:
    if result.status == 200 and result.value is not msgspec.UNSET:
        return service.values.decode(result.value)
    error = error_of(result, where, key)
    if isinstance(error, KeyError):
        return None
    raise error


def error_of(result: Result[Any], where: str, key: str) -> Exception:
    """Return the error of an operation that failed."""
    problem = Problem(result.status, result.type, result.detail, result.errors)
    return explain(problem, result.status, where, key)


def transact(link: Link, service: Service, before: dict[str, Tag], after: dict[str, bytes | None]) -> None:
    """Carry out a transaction, as `split_transaction` returns it. Raises TooLarge if it does not fit a request."""
    coded = [_code_expect(key, tag) for key, tag in before.items()]
    coded += [
        code_delete(key) if value is None else code_put(service, key, value) for key, value in after.items()
    ]
    if len(coded) > service.info.operations or not fits(coded, service):
        raise TooLarge(
            f"a transaction takes at most {service.info.operations:,} operations and {service.info.body:,} bytes; "
            "split it"
        )
    link.ask("POST", link.place.verb("transact"), _body(coded), _JSON, once=True)


def _body(batch: list[Coded]) -> bytes:
    return b'{"operations":[%b]}' % b",".join(each.text for each in batch)
