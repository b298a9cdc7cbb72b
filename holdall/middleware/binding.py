"""A store's key as bytes, for the layers that bind a value to its key."""


def key_bytes(key: object) -> bytes:
    r"""``key`` in UTF-8, lone surrogates included, which a layer such as `Escape` may let through.

    >>> key_bytes("é"), key_bytes("\ud800")
    (b'\xc3\xa9', b'\xed\xa0\x80')
    """
    # What is no str is the store's to refuse, which sees it next and has the error for it.
    return key.encode("utf-8", "surrogatepass") if isinstance(key, str) else b""
