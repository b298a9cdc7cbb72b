"""The tree of commands. The module of a command is imported only to call the command or to show its help."""

from importlib import import_module
from typing import Any

import click
from click.exceptions import Exit

from holdall import __version__
from holdall.cli.help import examples, with_help


class LazyGroup(click.Group):
    """A group that imports a command when it is needed.

    ``lazy`` gives the commands as ``name -> (module:attribute, one line of help)``.
    """

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        return with_help(getattr(import_module(module), attribute))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self._lazy and ":" in args[0]:  # the message omits it: it may hold a password
            raise click.UsageError(
                "an address is not a command; write it after one, as in `holdall ls URI`", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._lazy.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader closed the pipe, as in `holdall ls | head`
            raise Exit(0) from None


@click.group(
    cls=LazyGroup,
    lazy={
        "get": ("holdall.cli.keys:get", "Write the value of a key to standard output."),
        "size": ("holdall.cli.keys:size", "Print the number of bytes of a value."),
        "set": ("holdall.cli.keys:set_", "Store a value under a key."),
        "del": ("holdall.cli.keys:del_", "Delete a key."),
        "ls": ("holdall.cli.keys:ls", "List keys, in order."),
        "count": ("holdall.cli.keys:count", "Count keys."),
        "sweep": ("holdall.cli.keys:sweep", "Delete expired values."),
        "url": ("holdall.cli.link:url", "Print a link to a value in a bucket."),
        "changes": ("holdall.cli.changes:changes", "List the keys that changed since a position."),
        "cp": ("holdall.cli.copy:cp", "Copy every key of one store to another."),
        "convert": ("holdall.cli.copy:convert", "Copy every document to a store with other layers."),
        "sync": ("holdall.cli.sync:sync_", "Make a store equal to another store, and keep it so."),
        "conflicts": ("holdall.cli.conflicts:conflicts_", "List the keys that changed at several stores."),
        "settle": ("holdall.cli.conflicts:settle_", "End the conflict of a key."),
        "backup": ("holdall.cli.backup:backup", "Copy a store to a store that keeps history."),
        "restore": ("holdall.cli.backup:restore", "Make a store equal to a backup, as of any time."),
        "replicate": (
            "holdall.cli.replicas:replicate",
            "Deliver missed changes to the replicas of a store.",
        ),
        "replicas": ("holdall.cli.replicas:replicas", "Show how far the replicas of a store are behind."),
        "promote": ("holdall.cli.replicas:promote", "Make a replica the primary."),
        "rekey": ("holdall.cli.encryption:rekey", "Encrypt every value again with the first key."),
        "key": ("holdall.cli.encryption:key", "Make the keys of encrypted stores."),
        "stores": ("holdall.cli.configuration:stores", "List the stores that are declared by name."),
        "trust": (
            "holdall.cli.configuration:trust",
            "Trust a configuration file, so that its stores take effect.",
        ),
        "explain": ("holdall.cli.layers:explain", "Show the layers that an address names."),
        "manifest": ("holdall.cli.layers:manifest", "Show or correct the recorded layers of a store."),
        "history": ("holdall.cli.history:history", "List the revisions of a key: when, who and why."),
        "show": ("holdall.cli.history:show", "Write the value that a key had at a revision."),
        "revert": ("holdall.cli.history:revert", "Make an old revision of a key the newest."),
        "diff": ("holdall.cli.history:diff", "Show the differences between two revisions."),
        "undelete": ("holdall.cli.history:undelete", "Bring back a key that was deleted."),
        "prune": ("holdall.cli.history:prune", "Drop old revisions."),
        "fsck": ("holdall.cli.history:fsck", "Check that a store and its history are complete."),
        "info": ("holdall.cli.info:info", "Show the features and totals of a store."),
        "doctor": ("holdall.cli.doctor:doctor", "Test the features of a store."),
        "serve": ("holdall.cli.serve:serve", "Serve stores over HTTP."),
        "token": ("holdall.cli.token:token", "Add, list and revoke the tokens of the HTTP service."),
        "invoices": ("holdall.cli.books.invoices:invoices", "Import, list, show and pay invoices."),
        "payments": (
            "holdall.cli.books.money:payments",
            "Record and apply money, and import bank statements.",
        ),
        "books": ("holdall.cli.books.books:books", "Set and show the settings of books."),
        "receivables": (
            "holdall.cli.books.receivables:receivables",
            "Report the amounts billed, paid and owed.",
        ),
        "views": ("holdall.cli.views:views", "Keep the results of queries, and bring them up to date."),
        "demo": ("holdall.cli.books.demo:demo", "Import sample invoices and print the receivables."),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "demo",
        "set sqlite:///notes.db greeting hello",
        "ls sqlite:///notes.db",
        "cp sqlite:///notes.db file:notes",
    ),
)
@click.version_option(__version__, message="holdall %(version)s")
def app() -> None:
    """One dict over any store. Read and write keys and values at an address, and keep invoices there.

    An address (URI) names a store, as in sqlite:///books.db, file:folder or memory://name. It may add
    layers, as in sqlite:///books.db?serializer=json. The name of a store in holdall.toml is an address too.
    If you leave out an address that is optional, the command uses the environment variable HOLDALL_URI.

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
    """


with_help(app)
