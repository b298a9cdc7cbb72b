"""A process that records payments over several invoices is killed, again and again, and another finishes its work."""

import random
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

import holdall
from holdall.domain import Books, Invoice, Receivables
from holdall.domain.money import sum_amounts
from holdall.domain.settlement import received, settlement_of
from tests.domain.made import invoice, line
from tests.servers import s3
from tests.soak import SOAK

pytestmark = pytest.mark.servers

TIMES = 20 if SOAK else 1
_WRITER = """
import sys
from contextlib import suppress
from datetime import date
from decimal import Decimal
import holdall
from holdall.domain import Books, Invoice
from holdall.errors import Conflict

with holdall.open(sys.argv[1], type=Invoice) as store:
    books = Books(store)
    for number in range(int(sys.argv[2])):
        print(number, flush=True)
        parts = {"A": Decimal("1.00"), "B": Decimal("2.00"), "C": Decimal("3.00")}
        books.receive(Decimal("7.00"), date(2026, 2, 1), parts, id=f"p{number}")
        with suppress(Conflict):  # it was voided before the last kill
            books.apply(f"p{number}", ["B"], date(2026, 2, 2), Decimal("0.50"), id=f"x{number}")
        if number % 3 == 0:
            books.void_payment(f"x{number}", date(2026, 2, 3), "wrong")
"""


def killed(address: str, payments: int, rounds: int, chance: random.Random) -> bool:
    """Start the writer from the beginning, and kill it in the given round. Return False if it ended before."""
    command = [sys.executable, "-c", _WRITER, address, str(payments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout
        assert writer.stderr
        for _ in range(rounds):
            writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))  # so that the kill comes at any request of the round
        writer.kill()
        assert writer.stderr.read() == b""
    return writer.returncode != 0


def check(books: Books) -> None:
    """Each payment is whole, and the cash is that of the payments."""
    documents = [*books.payment_documents()]
    for document in documents:
        settlement = settlement_of(document)
        assert settlement.state == "done"
        for part in settlement.parts:
            found = [each for each in books.store[part.document].payments if each.id == part.entry.id]
            assert found == [part.entry]
    cash = Decimal("7.00") * sum(1 for each in documents if received(each))
    asked = Receivables(books.store)
    assert sum_amounts(row.amount for row in asked.received()) == cash
    assert sum_amounts(row.amount for row in asked.outstanding()) == Decimal("3000.00") - cash
    parts = sum(len(settlement_of(each).parts) for each in documents)
    own = sum(len(each.payments) for each in [*books, *documents])
    receipts = sum(2 for each in documents if received(each))
    assert own == parts + receipts


def check_kills(address: str, payments: int) -> None:
    chance = random.Random(payments)
    rounds = 1
    with holdall.open(address, type=Invoice) as store:
        books = Books(store)
        for number in "ABC":
            books.add(invoice(number, line("1", c4400="600.00", c4410="400.00")))
        kills = 0
        while killed(address, payments, rounds, chance):
            kills += 1
            books.finish()
            check(books)
            rounds += chance.randint(0, 2 + payments // 10)
        assert kills >= 2
        check(books)
        assert len([*books.payment_documents()]) == 2 * payments + -(-payments // 3)
        assert not [*store.scan("payments-open/")]


def test_on_files(tmp_path: Path) -> None:
    check_kills(f"file:{tmp_path}/books", 8 * TIMES)


def test_on_s3(seaweed: s3.Server) -> None:
    check_kills(f"s3://payments-kills?endpoint_url={seaweed.endpoint}&create=true", 4 * TIMES)
