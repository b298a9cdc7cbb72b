"""A store's key as bytes, for layers that bind a value to its key."""


def key_bytes(key: object) -> bytes:
    r"""``key`` in UTF-8; lone surrogates are included, because a layer such as `Escape` may let them through.

    Returns b"" if ``key`` is not a str. The store below then refuses the key with its own error.

    >>> key_bytes("é"), key_bytes("\ud800"), key_bytes(7)
    (b'\xc3\xa9', b'\xed\xa0\x80', b'')
    """
    return key.encode("utf-8", "surrogatepass") if isinstance(key, str) else b""


def encode_key(key: object) -> bytes:
    r"""`key_bytes` after their length in 8 bytes, big-endian, so that no part of a value passes for a key.

    >>> encode_key("é")
    b'\x00\x00\x00\x00\x00\x00\x00\x02\xc3\xa9'
    """
    name = key_bytes(key)
    return len(name).to_bytes(8, "big") + name
