"""The command serve, which serves stores over HTTP."""

import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Final

import click

from holdall.address import Address
from holdall.cli.help import examples
from holdall.cli.served import default, name_all
from holdall.configuration.values import size
from holdall.errors import HoldallError
from holdall.registry import open as open_store

_ENDINGS: Final = (signal.SIGTERM, signal.SIGINT)
_LEAST: Final = 5  # threads; half of them may be held by requests that stream or wait


@click.command(
    epilog=examples(
        "serve sqlite:///notes.db",
        "serve notes=sqlite:///notes.db?serializer=json --readonly --listen 0.0.0.0:8080 --host books.example",
    )
)
@click.argument("stores", nargs=-1, metavar="[[NAME=]URI]...")
@click.option(
    "--listen",
    "place",
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="The address and port to listen at. Port 0 takes a free port.",
)
@click.option("--host", "hosts", metavar="NAME", multiple=True, help="Answer for this name too.")
@click.option("--tokens", metavar="URI", help="Require a token of this store; see `holdall token`.")
@click.option("--readonly", is_flag=True, help="Refuse every write.")
@click.option("--raw", is_flag=True, help="Show reserved keys to clients that may write all of a store.")
@click.option(
    "--server",
    "program",
    type=click.Choice(["waitress", "granian"]),
    default="waitress",
    show_default=True,
    help="The server below. Granian is faster, and needs the extra `granian`.",
)
@click.option(
    "--threads",
    type=click.IntRange(_LEAST, 1000),
    help="The most requests that run at the same time. [default: 8 under waitress, 48 under granian]",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    metavar="NUMBER",
    help="The most requests per second with one token, or from one address without tokens.",
)
@click.option(
    "--max-body", metavar="SIZE", default="16MiB", show_default=True, help="The longest body of a request."
)
@click.option(
    "--keep-free", metavar="SIZE", default="0", help="Refuse writes while less of the disk is free."
)
@click.option(
    "--cors", metavar="ORIGIN", multiple=True, help="Let pages of this site call the service from a browser."
)
def serve(
    stores: tuple[str, ...],
    place: str,
    hosts: tuple[str, ...],
    tokens: str | None,
    readonly: bool,
    raw: bool,
    program: str,
    threads: int | None,
    rate: float | None,
    max_body: str,
    keep_free: str,
    cors: tuple[str, ...],
) -> None:
    """Serve stores over HTTP until SIGTERM or Ctrl-C, and then answer the requests that have arrived.

    Each store is an address, or the name of a declared store, whose declared views are served too. NAME is its
    name in the paths of the service, as in /v1/NAME/docs. Without NAME, a declared store has its own name, and
    another one the last part of its address: sqlite:///data/notes.db is served as notes. Needs the extra `server`.

    Without --tokens, everybody who reaches the service may read. It then accepts writes from this machine
    only, and other machines can reach it only with --readonly. It answers requests for localhost and for the
    names that --host gives. Each write is logged on standard error, as a line of JSON.
    """
    from holdall.server import app  # imported late: no other command needs this extra
    from holdall.server.guard import LOOPBACK
    from holdall.server.limits import Limits

    _log()
    named = name_all(stores or (default(),))
    make, default_threads = _server(program)
    count = default_threads if threads is None else threads
    ending = threading.Event()
    with ExitStack() as last:
        opened = {name: last.enter_context(open_store(uri)) for name, uri in named.items()}
        kept = None if tokens is None else last.enter_context(open_store(tokens))
        limits = Limits(rate=rate, body=size(max_body), keep_free=size(keep_free), long=count // 2)
        service = app(
            opened,
            hosts=[*LOOPBACK, *hosts],
            tokens=kept,
            readonly=readonly,
            raw=raw,
            views=_open_views(named, last),
            limits=limits,
            cors=cors,
            ending=ending,
        )
        sock = last.enter_context(_listen(place))
        if not (readonly or tokens or _is_loopback(sock)):
            raise click.UsageError(
                f"{place} can be reached from other machines, and anyone there could write; add --readonly or --tokens"
            )
        _allow_files()
        server = make(service, sock, limits=limits, threads=count)

        def stop() -> None:
            ending.set()
            server.stop()

        with _on_signals(stop):
            for name in opened:
                click.echo(f"{server.url}/v1/{name}/docs")
            click.echo(f"{server.url}/ shows them in a browser")
            server.run()


def _log() -> None:
    """Log on standard error: warnings as text, and the audit as lines of JSON and of nothing else."""
    logging.basicConfig(format="holdall: %(message)s")
    audit = logging.getLogger("holdall.server.audit")
    audit.setLevel(logging.INFO)
    audit.propagate = False
    audit.addHandler(logging.StreamHandler())
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of each request that waits


def _server(program: str) -> tuple[Callable[..., Any], int]:
    """Return the class that runs the service under ``program``, and its default number of threads."""
    if program == "granian":
        from holdall.server.granian import THREADS as MANY
        from holdall.server.granian import GranianServer

        return GranianServer, MANY
    from holdall.server.serving import THREADS, Server

    return Server, THREADS


def _allow_files() -> None:
    """Allow this process as many open files as it may have, because each client that waits is one."""
    import resource  # late, because Windows does not have it

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _open_views(named: dict[str, str], last: ExitStack) -> dict[str, list[Any]]:
    """Return the declared views of each store, by its name in paths, which ``last`` closes."""
    from holdall.configuration import files

    declared = files.views()
    if not declared:
        return {}
    from holdall.cli.indexed import open_view  # late, because most services have no views

    opened: dict[str, list[Any]] = {name: [] for name in named}
    for name, uri in named.items():
        for each in declared:
            if each.store == Address.parse(uri):
                view = last.enter_context(open_view(each.name))
                opened[name] += view if isinstance(view, Sequence) else [view]  # NAME.1, NAME.2 … of several
    return opened


def _listen(place: str) -> socket.socket:
    from holdall.server.serving import listen

    try:
        return listen(place)
    except OSError as error:
        raise HoldallError(f"cannot listen at {place}: {error.strerror}; give another --listen") from error


def _is_loopback(sock: socket.socket) -> bool:
    return ipaddress.ip_address(sock.getsockname()[0]).is_loopback


@contextmanager
def _on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at the first SIGTERM or Ctrl-C in the block. A second one ends the process at once."""
    before: dict[signal.Signals, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        stop()

    before.update((each, signal.signal(each, handle)) for each in _ENDINGS)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
