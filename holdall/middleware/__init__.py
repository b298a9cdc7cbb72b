"""The middleware layers, one per file. Transforms change keys or values; policies decide what is done."""
