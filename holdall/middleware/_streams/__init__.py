"""Parts of the layers that change values and read and write them as files."""
