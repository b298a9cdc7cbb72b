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

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.autosummary"]
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
