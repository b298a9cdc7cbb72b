"""Parts of the layers that encrypt or sign: the source of a key, and the bytes that bind a value to its place."""
