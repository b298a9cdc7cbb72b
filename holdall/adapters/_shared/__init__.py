"""Parts that adapters of different storages share: batches, throttling, connections to servers."""
