"""Damaged copies of stored bytes: what disks, people and attackers make of them, the same at each run."""

import random
from collections.abc import Iterator

SYNTAX = [
    *(bytes([byte]) for byte in b"\0\n\r\t \"'&*<>[]{}:,-!|%#@`\\/.019eE+~=\x80\x93\xc1\xc7\xdd\xdf\xff"),
    *(
        b"null",
        b"true",
        b"NaN",
        b"1e999",
        b"-0",
        b"\\u0000",
        b"\\ud800",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
    ),
    *(
        b"!!binary ",
        b"!!python/name:os.system ",
        b"&a ",
        b"*a",
        b"<<: ",
        b"---\n",
        b"? ",
        b"%TAG ! a\n",
    ),
    *(
        b"<list>",
        b"</list>",
        b"<null/>",
        b' name="a"',
        b"&#0;",
        b"&lt;",
        b"<!--",
        b"<![CDATA[",
        b"]]>",
    ),
    *(
        b'<!DOCTYPE a [<!ENTITY b "c">]>',
        b"&b;",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\x7f\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ),
    *(b"[" * 500, b"- " * 500, b"\x91" * 500, b"<list>" * 500, b"9" * 5000, b":1" * 500),
]
"""What is syntax in some format, or has hurt a parser."""


def mutations(seeds: list[bytes], count: int) -> Iterator[bytes]:
    """``count`` damaged copies, by one to four changes each."""
    drawn = random.Random(20261122)
    for number in range(count):
        data = seeds[number % len(seeds)]
        for _ in range(drawn.randint(1, 4)):
            data = changed(data, drawn)
        yield data


def changed(data: bytes, drawn: random.Random) -> bytes:
    start, stop = sorted(drawn.randint(0, len(data)) for _ in range(2))
    place = drawn.randint(0, len(data))
    return drawn.choice(
        [
            data[:start],
            data[:start] + data[stop:],
            data[:place] + data[start:stop] + data[place:],
            data[:place] + drawn.choice(SYNTAX) + data[place:],
            data[:place] + drawn.choice(SYNTAX) + data[place + 1 :],
            data[:place] + drawn.randbytes(1) + data[place + 1 :],
            data[:place]
            + bytes([byte ^ 1 << drawn.randrange(8) for byte in data[place : place + 1]])
            + data[place + 1 :],
        ]
    )
