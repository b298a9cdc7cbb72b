"""Interfaces of other projects over any store. Each module has its own extra."""
