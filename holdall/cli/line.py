"""Text from outside, fit to be shown on a line of a terminal."""

import re

_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    r"""``text`` with a space for each run of control characters: they could hide, turn round or fake output.

    >>> one_line("paid\r\nin full\x1b[8m")
    'paid in full [8m'
    >>> one_line("paid \u202e00.1")
    'paid 00.1'
    """
    return _control.sub(" ", text).strip()
