"""The suite through other servers, and what forks and interrupts do to a client. `make test-servers` runs these."""

import itertools
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from holdall import ABSENT, StoreNotFound, Unavailable
from holdall.adapters.http import HTTP
from holdall.store import Store
from holdall.testing import StoreTests
from holdall.testing.suite.keys import KeyTests
from holdall.testing.suite.swaps import SwapTests
from tests.adapters.http.service import STORES
from tests.adapters.http.test_faults import through
from tests.adapters.signals import check_interrupts
from tests.examples import few, share
from tests.faults import proxy as faults
from tests.faults.proxy import Proxy
from tests.servers import process
from tests.servers.process import free_ports
from tests.soak import SOAK

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[3]
MODULE = f"""
import holdall
from holdall.server import app
application = app({{f"s{{number}}": holdall.Memory() for number in range({3 * STORES})}}, raw=True)
"""
NGINX = """
daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {}
http {
    access_log off; client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    client_max_body_size 16m; client_body_buffer_size 16m; proxy_max_temp_file_size 0; proxy_http_version 1.1;
    gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
    server {
        listen 127.0.0.1:%d; listen 127.0.0.1:%d ssl;
        ssl_certificate server.pem; ssl_certificate_key server.key;
        location / { proxy_pass http://127.0.0.1:%d; proxy_set_header Host $host; }
    }
}
"""


class Served:
    """Opens clients of stores that nobody has used, at ``url``."""

    def __init__(self, url: str, names: Iterator[int], **options: str) -> None:
        self.url = url
        self.options = options
        self._names = names

    def open(self) -> HTTP:
        return HTTP(f"{self.url}/v1/s{next(self._names)}", **self.options)


@contextmanager
def under(name: str, folder: Path) -> Iterator[int]:
    """The port of the service under ``name``, granian or gunicorn."""
    (folder / "wsgi.py").write_text(MODULE)
    (port,) = free_ports(1)
    place = {
        "granian": [
            "--interface",
            "wsgi",
            "--blocking-threads",
            "16",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        "gunicorn": ["--bind", f"127.0.0.1:{port}", "--threads", "8"],
    }[name]
    command = [sys.executable, "-m", name, *place, "wsgi:application"]
    there = {"PYTHONPATH": str(folder)}
    with process.running(command, f"http://127.0.0.1:{port}/v1/s0/docs", folder, there):
        yield port


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[tuple[int, int]]:
    """The ports of an nginx, without and with TLS, before the service at ``port``."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if found is None:
        pytest.skip("nginx is not installed; on Debian: apt-get install nginx")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    for number, part in enumerate(certificate.cert_chain_pems):
        part.write_to_path(folder / "server.pem", append=number > 0)
    plain, secure = free_ports(2)
    (folder / "nginx.conf").write_text(NGINX % (plain, secure, port))
    command = [found, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with process.running(command, f"http://127.0.0.1:{plain}/v1/s0/docs", folder):
        yield plain, secure


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    folder = tmp_path_factory.mktemp("served")
    with under("granian", folder) as port, nginx(folder, port) as (plain, secure):
        names = itertools.count()
        yield {
            "granian": Served(f"http://127.0.0.1:{port}", names),
            "nginx": Served(f"http://127.0.0.1:{plain}", names),
            "nginx with TLS": Served(f"https://127.0.0.1:{secure}", names, ca=str(folder / "ca.pem")),
        }


@pytest.fixture(scope="module", params=["granian", "nginx", "nginx with TLS"])
def served(request: pytest.FixtureRequest, ports: dict[str, Served]) -> Served:
    return ports[request.param]


class TestServers(StoreTests[bytes]):
    many = 250
    points = 8
    names = {"HTTP": HTTP}

    @pytest.fixture(autouse=True)
    def few_examples(self) -> Iterator[None]:
        with few(share(10), shrinks=False):
            yield

    @pytest.fixture
    def open_store(self, served: Served) -> Callable[[], Store[bytes]]:
        return served.open


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with under("gunicorn", tmp_path_factory.mktemp("served")) as port:
        yield Served(f"http://127.0.0.1:{port}", itertools.count())


class TestGunicorn(KeyTests[bytes], SwapTests[bytes]):
    """Keys and conditions, which another server may change on the way."""

    @pytest.fixture
    def open_store(self, gunicorn: Served) -> Callable[[], Store[bytes]]:
        return gunicorn.open


@pytest.mark.parametrize("name", ["ca", "host"])
def test_a_certificate_is_checked(ports: dict[str, Served], name: str, tmp_path: Path) -> None:
    secure = ports["nginx with TLS"]
    if name == "ca":
        trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
        refused = HTTP(f"{secure.url}/v1/s0", ca=str(tmp_path / "other.pem"))
    else:
        refused = HTTP(f"{secure.url.replace('127.0.0.1', 'localhost')}/v1/s0", **secure.options)
    with refused, pytest.raises(Unavailable, match="certificate that is not trusted"):
        refused.get("a")
    with HTTP(f"{secure.url}/v1/s0", retries=0) as store, pytest.raises(Unavailable, match="not trusted"):
        store.get("a")
    with HTTP(f"{secure.url.replace('https', 'http')}/v1/s0") as store, pytest.raises(StoreNotFound):
        store.get("a")
    with (
        HTTP(
            f"{ports['nginx'].url.replace('http', 'https')}/v1/s0", retries=0, ca=secure.options["ca"]
        ) as store,
        pytest.raises(Unavailable),
    ):
        store.get("a")


def test_nginx_that_is_away_and_back(ports: dict[str, Served]) -> None:
    with Proxy(ports["nginx"].url) as proxy, ports["nginx"].open() as direct, through(proxy, direct) as store:
        tag = store.swap("a", b"1", ABSENT)
        proxy.inject(faults.drop)
        tag = store.swap("a", b"2", tag)
        assert direct.get_tagged("a") == (b"2", tag)


def test_forks(ports: dict[str, Served]) -> None:
    for served in ports.values():
        with served.open() as store:
            code = [sys.executable, "-m", "tests.adapters.servers.prefork", pickle.dumps(store).hex()]
            done = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr


# An interrupt can leave an open file or a generator to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(900 if SOAK else 300)
def test_after_an_interrupt_every_key_has_its_own_value(served: Served) -> None:
    with served.open() as store:
        check_interrupts(store)
