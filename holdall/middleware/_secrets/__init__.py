"""Parts of the layers that encrypt or sign: the source of a key, and what a value is bound to."""
