"""Reads the layers in an address or a configuration file, and makes the stack of layers for them."""
