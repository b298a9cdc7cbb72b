"""The middleware layers, one per file. Transforms change keys or values; policies make decisions."""
