"""Where bytes live: one store a file, named by `holdall.registry` and imported when first opened."""
