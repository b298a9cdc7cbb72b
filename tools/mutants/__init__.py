"""Change the package in a sample of small ways, and see whether its tests notice.

.venv/bin/python -m tools.mutants [--count 300] [--seed 1] [--area NAME]...

`areas.toml` says which tests cover which area. Each mutant is one change (see `mutations`). It runs against the tests
of its area in a copy of the checkout; the checkout itself stays as it is. If a run was interrupted, the next one
continues: it skips the mutants that a test has killed, which the file `.mutants` lists. Delete it to run them
all.

cosmic-ray makes the changes. It does not run them, because it changes files in place, draws no sample of a given
size, and has one test command for the whole package.
"""
