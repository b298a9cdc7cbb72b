"""Reads CAMT.053 of ISO 20022, the bank statement in XML, in each version from 001.02 on.

    Stmt              one account                Acct/Id, Acct/Ccy, Bal
      Ntry            one entry                  AcctSvcrRef, Amt, CdtDbtInd, Sts, RvslInd, BookgDt, ValDt
        TxDtls        one payment of the entry   Refs, AmtDtls, RltdPties, RmtInf

The opening balance and the booked entries must add up to the closing balance, if the statement has both.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element

from holdall.domain.bank.balances import check_balances
from holdall.domain.bank.camt_entry import Read, read_entry
from holdall.domain.bank.entry import Entry, Statement, ids_of
from holdall.domain.bank.node import Part, without_namespaces
from holdall.domain.ubl.tree import parse
from holdall.errors import Invalid

_MESSAGE: Final = "BkToCstmrStmt"
_OTHERS: Final = {
    "BkToCstmrAcctRpt": "CAMT.052, a report during the day; import the CAMT.053 statement of the day instead",
    "BkToCstmrDbtCdtNtfctn": "CAMT.054, details of collected entries; ask your bank for CAMT.053 with these details",
    "CstmrCdtTrfInitn": "pain.001, an order to pay; import the CAMT.053 statement on which it was booked",
    "CstmrDrctDbtInitn": "pain.008, an order to collect; import the CAMT.053 statement on which it was booked",
    "Invoice": "an invoice; use `holdall invoices import`",
    "CreditNote": "a credit note; use `holdall invoices import`",
    "CrossIndustryInvoice": "an invoice; use `holdall invoices import`",
}


def read_camt(file: BinaryIO, name: str, limit: int) -> list[Statement]:
    """Return the statements in ``file``, which is called ``name``.

    Raises Invalid, without the name, if the file is not CAMT.053, is not safe to read, has more than ``limit`` bytes,
    or if the sums of a statement do not agree.
    """
    root = without_namespaces(parse(file, limit))
    found = list(_statements(root))
    if not found:
        raise _not_a_statement(root)
    return [_statement(each, name) for each in found]


def _statements(root: Element) -> Iterator[Part]:
    for message in root.iter(_MESSAGE):
        yield from Part(message, _MESSAGE).every("Stmt")


def _not_a_statement(root: Element) -> Invalid:
    names = [each.tag for each in (root, *root, *(inner for each in root for inner in each))]
    if _MESSAGE in names:
        return Invalid("it is CAMT.053 without a statement (Stmt); ask the bank for it again")
    other = next((_OTHERS[each] for each in names if each in _OTHERS), None)
    return Invalid(f"it is {other or f'XML of another kind, {root.tag!r}; ask your bank for CAMT.053'}")


def _statement(node: Part, name: str) -> Statement:
    account = "".join(node.text_at("Acct/Id/IBAN", "Acct/Id/Othr/Id").split())
    if not account:
        raise node.wrong("names no account (Acct/Id)", "ask the bank for the statement again")
    read, pending, refused = list[Read](), 0, list[tuple[str, str]]()
    for each in node.every("Ntry"):
        if each.text_at("Sts/Cd", "Sts/Prtry", "Sts") not in ("BOOK", ""):
            pending += 1
            continue
        try:
            read.append(read_entry(each))
        except Invalid as problem:
            refused.append((name, str(problem)))
    if not refused:
        check_balances(node, [each.money for each in read])
    return Statement(name, account, tuple(_entries(account, read)), pending, tuple(refused))


def _entries(account: str, read: list[Read]) -> Iterator[Entry]:
    """Yield the entries with their ids. An entry without a reference of the bank gets a digest of its content."""
    made = iter(ids_of(each.content for each in read if not each.reference))
    for each in read:
        yield from each.entries(account, each.reference or next(made))
