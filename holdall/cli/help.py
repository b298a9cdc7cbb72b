"""The help texts of commands: docstrings, also under -OO, and examples at the end."""

import click


def examples(*lines: str) -> str:
    """Return the epilog that shows ``lines``, which are commands without the leading ``holdall``."""
    heading = "Example" if len(lines) == 1 else "Examples"
    return "\n".join(["\b", f"{heading}:", *(f"  holdall {line}" for line in lines)])


def with_help(command: click.Command) -> click.Command:
    """Return ``command`` with a help text, which is the docstring in its source if it has none.

    Every command of a group gets a help text in the same way.
    """
    if command.help is None:
        command.help = _docstring(command)
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        with_help(each)
    return command


def _docstring(command: click.Command) -> str | None:
    import ast  # imported late: only -OO needs these modules
    import inspect
    from textwrap import dedent

    try:
        [function] = ast.parse(dedent(inspect.getsource(command.callback))).body  # type: ignore[arg-type]
    except OSError:  # the source is missing, as in a bundled program
        return None
    return ast.get_docstring(function)  # type: ignore[arg-type]
