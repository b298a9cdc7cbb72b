"""A package, and so found before the `tests` that some libraries install."""
