"""How Sphinx builds these pages; `make docs` runs it, and it needs no network."""

import re
import shlex

from click.testing import CliRunner
from docutils.nodes import literal_block
from docutils.parsers.rst import Directive

import holdall
from holdall.cli.app import app as commands

project = "holdall"
author = "The holdall authors"
copyright = "The holdall authors; Apache License 2.0"
release = holdall.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["conftest.py"]
html_theme = "furo"
html_title = f"holdall {release}"

autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "show-inheritance": True,
    "special-members": "__getitem__, __setitem__, __delitem__",
}
autodoc_typehints = "signature"
# One backtick names a thing, and links to it where these pages describe it.
default_role = "autolink"
myst_heading_anchors = 3


def as_drawn(app, what, name, obj, options, lines):
    """Show what a docstring sets in by four spaces (a tree, a grammar) literally; a doctest stays one."""
    drawn = re.compile(r"^(?=\S)(?!>>>)(.*)(?<!::)\n\n(?=    \S)(?!    >>>)", re.MULTILINE)
    lines[:] = drawn.sub(r"\1\n\n::\n\n", "\n".join(lines)).split("\n")


def without_arguments(app, what, name, obj, options, signature, returns):
    """Show no parameters for a protocol or a schema, which nobody calls by that name."""
    if what == "class" and signature and signature.startswith("(*args"):
        return "", returns
    return None


def skip_position(app, what, name, obj, skip, options):
    """Leave out the fields of a named tuple without a docstring: the signature of the tuple lists them."""
    return True if (obj.__doc__ or "").startswith("Alias for field number") else None


class Help(Directive):
    """What ``holdall ... --help`` prints, for the command that is the directive's argument."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        command = [*shlex.split(self.arguments[0]), "--help"]
        shown = CliRunner().invoke(commands, command, prog_name="holdall", catch_exceptions=False)
        text = f"$ holdall {shlex.join(command)}\n{shown.output}"
        return [literal_block(text, text, language="text")]


def setup(app):
    app.add_directive("help", Help)
    app.connect("autodoc-process-docstring", as_drawn)
    app.connect("autodoc-process-signature", without_arguments)
    app.connect("autodoc-skip-member", skip_position)
