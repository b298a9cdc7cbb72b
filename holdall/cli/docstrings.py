"""Help texts from docstrings, also where Python was started with -OO, which leaves the docstrings out."""

import click


def with_help(command: click.Command) -> click.Command:
    """``command``, with the docstring in its source as its help if it has none; so for each command of a group."""
    if command.help is None:
        command.help = _docstring(command)
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        with_help(each)
    return command


def _docstring(command: click.Command) -> str | None:
    import ast  # late: only -OO needs these
    import inspect
    from textwrap import dedent

    try:
        [function] = ast.parse(dedent(inspect.getsource(command.callback))).body  # type: ignore[arg-type]
    except OSError:  # there is no source, as in a bundle
        return None
    return ast.get_docstring(function)  # type: ignore[arg-type]
