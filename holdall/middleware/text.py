"""Plain text in UTF-8."""

from holdall.errors import Invalid
from holdall.middleware.codec import Codec


class Text(Codec[str, bytes]):
    """Stores strings as UTF-8.

    Writing raises Invalid for a lone surrogate, and for a subclass of str, because it would be read back as a
    plain str.

    >>> from holdall import Memory
    >>> notes = Text(Memory())
    >>> notes["greeting"] = "grüezi"
    >>> notes["greeting"]
    'grüezi'
    """

    def encode(self, key: str, value: str, /) -> bytes:
        if type(value) is not str:
            kind = type(value).__name__
            raise Invalid(f"Text keeps str, but the value of {key!r} is of the type {kind}", key=key)
        return value.encode()

    def decode(self, key: str, data: bytes, /) -> str:
        return data.decode()
