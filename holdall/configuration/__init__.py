"""What an address or a configuration file says of layers, and the stack that it means."""
