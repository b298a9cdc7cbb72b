"""Makes text from outside safe to show on a terminal: it cannot hide, reverse or imitate other output."""

import re

_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    r"""Return ``text`` with each run of control characters replaced by one space, and none at its ends.

    Characters that change the direction of text count as control characters.

    >>> one_line("paid\r\nin full\x1b[8m")
    'paid in full [8m'
    >>> one_line("paid \u202e00.1")
    'paid 00.1'
    """
    return _control.sub(" ", text).strip()


def visible(text: str) -> str:
    r"""Return ``text`` with its control characters as escapes, which JSON reads as the same text.

    Characters that change the direction of text count as control characters. Line feeds and tabs stay.

    >>> print(visible("paid\t\u202e00.1\x1b[8m"))
    paid	\u202e00.1\u001b[8m
    """
    return _control.sub(lambda run: "".join(map(_escape, run[0])), text)


def _escape(character: str) -> str:
    return character if character in "\t\n" else f"\\u{ord(character):04x}"
