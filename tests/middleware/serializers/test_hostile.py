"""Bytes made to hurt who reads them: bombs, code, depth, lies about size."""

import pytest

from holdall import Corrupt, Memory
from tests.middleware.serializers.guards import ROOM, bounded, nothing_runs
from tests.middleware.serializers.samples import DOCUMENTS

LAUGHS = b"".join(
    [
        b"<!DOCTYPE a [<!ENTITY a0 'ha'>",
        *(b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)),
        b"]><str>&a9;</str>",
    ]
)
ALIASES = b"".join(
    [
        b"a0: &a0 [ha]\n",
        *(
            b"a%d: &a%d [%s]\n" % (level, level, b", ".join([b"*a%d" % (level - 1)] * 10))
            for level in range(1, 10)
        ),
    ]
)
HOSTILE = {
    "json": {
        "deep lists": b"[" * 10**6,
        "deep objects": b'{"a":' * 10**6,
        "deep and closed": b"[" * 10**5 + b"]" * 10**5,
        "a long number": b"9" * 10**6,
        "a number beyond float": b"1e400",
        "NaN": b"NaN",
        "a lone surrogate": b'"\\ud800"',
        "nothing": b"",
        "two documents": b"1 2",
        "a byte order mark": b"\xef\xbb\xbf1",
    },
    "msgpack": {
        "deep lists": b"\x91" * 10**6,
        "deep maps": b"\x81\xa1a" * 10**6,
        "a list said to be long": b"\xdd\xff\xff\xff\xff",
        "a map said to be long": b"\xdf\xff\xff\xff\xff",
        "lists said to be long": b"\xdd\x00\xff\xff\xff" * 1000,
        "text said to be long": b"\xdb\xff\xff\xff\xff",
        "bytes said to be long": b"\xc6\xff\xff\xff\xff",
        "an extension said to be long": b"\xc9\xff\xff\xff\xff\x05",
        "an extension": b"\xd4\x05\x01",
        "a name that is a number": b"\x81\x01\x02",
        "a name that is a list": b"\x81\x92\x01\x02\x03",
        "no UTF-8": b"\xa1\xff",
        "a year beyond 9999": b"\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
        "nothing": b"",
        "two documents": b"\x01\x02",
    },
    "yaml": {
        "an alias bomb": ALIASES,
        "one alias": b"a: &a [1]\nb: *a\n",
        "an alias to itself": b"&a [*a]",
        "code": b"!!python/object/apply:os.system ['true']",
        "a module": b"!!python/module:os ''",
        "a name": b"!!python/name:os.system ''",
        "an object": b"!!python/object/new:int ['1']",
        "a set": b"!!set {a}",
        "pairs": b"!!omap [a: 1]",
        "a merge": b"<<: {a: 1}\nb: *c",
        "deep lists": b"[" * 10**6,
        "deep blocks": b"- " * 10**5,
        "deep maps": b"? " * 10**5,
        "deep and closed": b"[" * 10**4 + b"]" * 10**4,
        "a long number": b"9" * 10**6,
        "a long fraction": b"1." + b"9" * 10**6,
        "no date": b"2026-13-45",
        "a name that is a number": b"1: 2",
        "two equal names": b"a: 1\na: 2",
        "two documents": b"--- 1\n--- 2",
        "nothing": b"",
        "a tab": b"a:\n\t- 1",
        "a control character": b"a: \x07",
        "no UTF-8": b"\xff\xfea\x00",
        "a lone surrogate": b'"\\ud800"',
        "no base64": b"!!binary '*'",
    },
    "xml": {
        "an entity bomb": LAUGHS,
        "one entity": b"<!DOCTYPE a [<!ENTITY b 'c'>]><str>&b;</str>",
        "a file": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><str>&b;</str>",
        "an address": b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><str/>",
        "an empty document type": b"<!DOCTYPE a><str/>",
        "an unknown entity": b"<str>&b;</str>",
        "deep": b"<list>" * 10**5,
        "deep and closed": b"<list>" * 10**5 + b"</list>" * 10**5,
        "a long number": b"<int>" + b"9" * 10**6 + b"</int>",
        "a long decimal": b"<decimal>" + b"9" * 10**6 + b"</decimal>",
        "an unknown type": b"<complex>1j</complex>",
        "another attribute": b"<str kind='a'>b</str>",
        "a name outside a dict": b"<list><str name='a'/></list>",
        "no name in a dict": b"<dict><str/></dict>",
        "two equal names": b"<dict><str name='a'/><str name='a'/></dict>",
        "two attributes": b"<dict><str name='a' b='c'/></dict>",
        "text in a list": b"<list>a</list>",
        "text after a part": b"<list><null/>a</list>",
        "an element in text": b"<str><str/></str>",
        "no bool": b"<bool>yes</bool>",
        "text in a null": b"<null>0</null>",
        "no base64": b"<bytes>*</bytes>",
        "an escape of nothing": b"<str>\\</str>",
        "an escape of a letter": b"<str>\\0041</str>",
        "a lone surrogate": b"<str>\\d800</str>",
        "no UTF-8": b"<str>\xff</str>",
        "a namespace": b"<str xmlns='urn:a'/>",
        "nothing": b"",
        "two documents": b"<str/><str/>",
    },
}
CASES = [
    pytest.param(name, data, id=f"{name}: {case}")
    for name, cases in HOSTILE.items()
    for case, data in cases.items()
]


@pytest.mark.parametrize(("name", "data"), CASES)
def test_it_is_corrupt_and_does_nothing(name, data):
    below = Memory()
    below["a"] = data
    store = DOCUMENTS[name].make(below)
    with bounded(), nothing_runs(), pytest.raises(Corrupt) as caught:
        store["a"]
    assert not isinstance(caught.value.__cause__, MemoryError)
    assert "'a'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bomb_among_others_stops_the_scan_that_meets_it(name):
    below = Memory()
    store = DOCUMENTS[name].make(below)
    store["a"] = 1
    below["b"] = b""
    pairs = store.scan_items()
    assert next(pairs) == ("a", 1)
    with pytest.raises(Corrupt, match="'b'"):
        next(pairs)


def test_the_guards_see_what_they_forbid():
    with pytest.raises(MemoryError), bounded():
        bytes(2 * ROOM)
    with pytest.raises(AssertionError, match="compile"), nothing_runs():
        eval("1 + 1")
