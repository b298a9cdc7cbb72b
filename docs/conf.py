"""How Sphinx builds these pages; `make docs` runs it, and it needs no network."""

import re

import holdall

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
    drawn = re.compile(r"^(?=\S)(?!>>>)(.*)\n\n(?=    \S)(?!    >>>)", re.MULTILINE)
    lines[:] = drawn.sub(r"\1\n\n::\n\n", "\n".join(lines)).split("\n")


def setup(app):
    app.connect("autodoc-process-docstring", as_drawn)
