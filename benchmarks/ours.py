"""holdall as a contender: a stack of three layers over any store."""

from benchmarks.invoices import paid
from benchmarks.plan import Plan
from holdall import Json, PassThrough, Prefix, Store
from holdall.domain.model import Invoice


def stack(store: Store[bytes]) -> Store[Invoice]:
    """Typed documents, a prefix, and a layer that changes nothing."""
    return PassThrough(Prefix(Json(store, type=Invoice), "invoices"))


class Ours:
    """Does the tasks of ``plan`` on ``store``, through the dict protocol."""

    def __init__(self, store: Store[bytes], plan: Plan) -> None:
        self.store = stack(store)
        self.plan = plan

    def load(self, round: int) -> int:
        documents = self.plan.load[round]
        self.store.update(documents)
        return len(documents)

    def change(self, round: int) -> int:
        documents = self.plan.change[round]
        self.store.update(documents)
        return len(documents)

    def insert(self, round: int) -> int:
        store, documents = self.store, self.plan.insert[round]
        for number, invoice in documents:
            store[number] = invoice
        return len(documents)

    def get(self, round: int) -> int:
        store, numbers = self.store, self.plan.get[round]
        for number in numbers:
            store[number]
        return len(numbers)

    def pay(self, round: int) -> int:
        store, numbers = self.store, self.plan.pay[round]
        for number in numbers:
            store.modify(number, paid)
        return len(numbers)

    def scan(self, round: int) -> int:
        return sum(1 for number, invoice in self.store.items())
