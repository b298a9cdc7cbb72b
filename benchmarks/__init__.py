"""Speed comparisons with other tools. Both sides of a contest run alternately, in one process, on the same data."""
