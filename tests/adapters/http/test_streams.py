"""Values as files over a service: in few requests, in bounded memory on both sides, and whole or not at all."""

import threading
from collections import Counter

import pytest

import holdall
from holdall import Conflict, TooLarge, Unsupported
from holdall.adapters.http import HTTP, streams
from holdall.adapters.http.link import Link
from holdall.ranges import ByteRange
from holdall.server import Limits
from holdall.store import ABSENT, Feature
from tests.adapters.http.service import running
from tests.adapters.streaming import ROOM, SIZE, copy
from tests.faults import proxy as faults
from tests.faults.proxy import Proxy
from tests.server.test_many_uploads import memory
from tests.server.test_serve import serve
from tests.soak import SOAK

LARGE = bytes(range(256)) * (3 << 12)  # 3 MiB


@pytest.fixture(scope="module")
def service():
    with running(limits=Limits(body=4 << 20), stores=20) as service:
        yield service


@pytest.fixture
def store(service):
    with service.open() as store:
        yield store


@pytest.fixture
def cost(monkeypatch):
    sent = []
    send = Link._send
    monkeypatch.setattr(Link, "_send", lambda self, *args: sent.append(args[0]) or send(self, *args))

    def cost(call):
        sent.clear()
        call()
        return Counter(sent)

    return cost


def write(store, value, **options):
    with store.open("a", "wb", **options) as file:
        file.write(value)
    return file.tag


def test_a_file_takes_one_request_for_each_part(store, cost, monkeypatch):
    monkeypatch.setattr(streams, "_PART", ByteRange(0, 1 << 20))
    assert store.features
    assert cost(lambda: write(store, LARGE)) == {"PUT": 1}
    assert cost(lambda: write(store, LARGE, expected=store.tag("a"))) == {"GET": 1, "PUT": 1}
    assert cost(lambda: store.open("a").read(1000)) == {"GET": 1}
    assert cost(lambda: store.open("a").read()) == {"GET": 2}  # without a buffer, the rest is one part
    assert cost(lambda: list(store.open("a"))) == {"GET": 3}
    store["small"] = b"x" * 1000
    assert cost(lambda: store.open("small").read()) == {"GET": 1}
    with store.open("a") as file:
        assert (file.tag, file.size) == (store.tag("a"), len(LARGE))
        assert cost(lambda: file.seek(-5, 2) and file.read()) == {"GET": 1}


def test_the_largest_body_is_known_before_it_is_sent(store, service, cost):
    assert store.features
    write(store, b"old")

    def fill():
        with pytest.raises(TooLarge, match=r"'a' has more than 4,194,304 bytes.*--max-body"):
            write(store, bytes((4 << 20) + 1))

    assert cost(fill) == {}
    assert write(store, bytes(4 << 20)) == service.below(store).tag("a")


def test_an_upload_whose_answer_was_lost_is_recognised(store, service, monkeypatch):
    monkeypatch.setattr(streams, "_PART", ByteRange(0, 1 << 20))
    with Proxy(service.url) as proxy, HTTP(proxy.endpoint + store._link.place.path) as through:
        assert Feature.STREAMS in through.features
        proxy.inject(faults.drop)
        tag = write(through, LARGE, expected=ABSENT)
        assert service.below(store).get_tagged("a") == (LARGE, tag)
        proxy.inject(faults.drop)
        with pytest.raises(Conflict):
            write(through, LARGE, expected=ABSENT)
        with through.open("a") as file:
            proxy.inject(faults.drop)
            assert file.read() == LARGE
        assert not proxy.calm()


def test_a_store_without_files_says_so():
    for make in (lambda: holdall.Text(holdall.Memory()), lambda: holdall.Versions(holdall.Memory())):
        with running(make, stores=1) as service, service.open() as store:
            assert Feature.STREAMS not in store.features
            for mode in ("rb", "wb"):
                with pytest.raises(Unsupported, match=r"HTTP\(.*lacks STREAMS"):
                    store.open("a", mode)


def test_a_service_of_compressed_values_reads_each_whole(monkeypatch):
    monkeypatch.setattr(streams, "_PART", ByteRange(0, 1 << 20))
    with running(lambda: holdall.Gzip(holdall.Memory()), stores=1) as service, service.open() as store:
        tag = write(store, LARGE, expected=ABSENT)
        with store.open("a") as file:
            assert (file.tag, file.read()) == (tag, LARGE)


@pytest.mark.servers
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("program", ["waitress", *(["granian"] if SOAK else [])])
def test_a_value_of_any_size_takes_little_memory_on_both_sides(tmp_path, program):
    options = ["--server", program, "--max-body", "2GiB"]
    with serve(f"a=file://{tmp_path}/files?durability=os", *options, cwd=tmp_path) as http:
        threading.Thread(target=http.process.stderr.read).start()
        assert http("PUT", "/v1/a/docs/first", bytes(2 << 20)).status == 201
        before = memory(http.process, "VmHWM")
        assert copy(f"{http.url}/v1/a", SIZE) < ROOM
        assert memory(http.process, "VmHWM") - before < ROOM
