"""Bank statements in CAMT.053, written in the ways of several banks. All people, firms and accounts are invented."""

from decimal import Decimal

IBAN = "DE02120300000000202051"
OPENING = Decimal("1000.00")


def entry(
    amount="119.00",
    *,
    ref="2026090100001",
    day="2026-09-01",
    currency="EUR",
    status="BOOK",
    extra="",
    details="",
):
    """One Ntry. A negative amount is a debit."""
    amount = Decimal(amount)
    return f"""<Ntry>
      <Amt Ccy="{currency}">{abs(amount)}</Amt><CdtDbtInd>{"DBIT" if amount < 0 else "CRDT"}</CdtDbtInd>{extra}
      <Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>
      {f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""}
      <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
      {f"<NtryDtls>{details}</NtryDtls>" if details else ""}
    </Ntry>"""


def detail(text="", *, name="Ada Byron", ref="", reference="", end="NOTPROVIDED", amounts="", extra=""):
    """One TxDtls."""
    structured = f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" if reference else ""
    return f"""<TxDtls><Refs>{f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""}<EndToEndId>{end}</EndToEndId></Refs>
      {amounts}<RltdPties><Dbtr><Nm>{name}</Nm></Dbtr><Cdtr><Nm>Seller GmbH</Nm></Cdtr></RltdPties>
      <RmtInf>{f"<Ustrd>{text}</Ustrd>" if text else ""}{structured}</RmtInf>{extra}</TxDtls>"""


def balance(code, amount, currency="EUR"):
    amount = Decimal(amount)
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{abs(amount)}</Amt>"
        f"<CdtDbtInd>{'DBIT' if amount < 0 else 'CRDT'}</CdtDbtInd><Dt><Dt>2026-09-01</Dt></Dt></Bal>"
    )


def statement(*entries, account=f"<IBAN>{IBAN}</IBAN>", balances=""):
    """One Stmt."""
    return f"<Stmt><Id>S-1</Id><Acct><Id>{account}</Id></Acct>{balances}{''.join(entries)}</Stmt>"


def camt(*statements, version="001.02"):
    """A document with ``statements``."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M-1</MsgId></GrpHdr>{''.join(statements)}</BkToCstmrStmt></Document>"
    ).encode()


SWISS = f"""<Ntry><NtryRef>CH4431999123000889012</NtryRef>
  <Amt Ccy="CHF">3483.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>false</RvslInd><Sts><Cd>BOOK</Cd></Sts>
  <BookgDt><DtTm>2026-09-02T23:30:00+02:00</DtTm></BookgDt><ValDt><Dt>2026-09-03</Dt></ValDt>
  <AcctSvcrRef>20260902001234567891234567891234</AcctSvcrRef>
  <NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>
  {
    "".join(
        f'''<TxDtls><Refs><AcctSvcrRef>123456CHCAFEBABE</AcctSvcrRef></Refs>
    <Amt Ccy="CHF">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties>
    <RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Prtry>QRR</Prtry></CdOrPrtry></Tp><Ref>{reference}</Ref></CdtrRefInf>
    <AddtlRmtInf>?REJECT?0</AddtlRmtInf></Strd></RmtInf></TxDtls>'''
        for amount, name, reference in (
            ("2187.00", "Jürg Frei", "210000000003139471430009017"),
            ("1296.00", "Sàrl du Lac", "000000000000000000000004710"),
        )
    )
}</NtryDtls><AddtlNtryInf>CREDIT GROUPE</AddtlNtryInf></Ntry>"""
"""An entry that collects two payments of QR-bills, whose references of the bank are equal."""

NORDIC = """<Ntry><NtryRef>20260903599999999901</NtryRef><Amt Ccy="NOK">500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
  <Sts>BOOK</Sts><BookgDt><Dt>2026-09-03</Dt></BookgDt>
  <NtryDtls><TxDtls><RltdPties><Dbtr><Nm>ASTRID BØE</Nm></Dbtr></RltdPties>
  <RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>00000000047112</Ref></CdtrRefInf></Strd></RmtInf>
  </TxDtls></NtryDtls></Ntry>"""
"""An entry with a reference of the bank in NtryRef, and a KID."""
