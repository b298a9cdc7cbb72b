"""The output of commands: values, tables and progress, on a terminal or in a pipe."""
