"""Reads a mapping of accounting codes as it is declared in TOML, and reports every error at once."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from holdall._formencode import Invalid as Refused
from holdall.domain.codes.rules import FACTS, PERCENT_DECIMALS, Codes, Rule, Shares, as_text
from holdall.domain.document import Document, Errors
from holdall.domain.document import Rule as Check
from holdall.domain.fields import Each, Field, Number, Optional, Text
from holdall.domain.money import sum_amounts
from holdall.errors import Invalid
from holdall.middleware.validate import invalid

_WHOLE: Final = Decimal(100)
_LARGEST: Final = 1 << 20  # bytes


class _Patterns(Field):
    """A text or a number, or a list of them, as a tuple of texts."""

    def _convert_to_python(self, value: Any, state: Any) -> tuple[str, ...]:
        every = value if isinstance(value, list) else [value]
        if not every or not all(isinstance(each, str | int) and not isinstance(each, bool) for each in every):
            raise self.refuse(value, 'write a text such as "RENT-*", or a list of texts')
        return tuple(map(str, every))


class _Rates(_Patterns):
    """A tax rate, or a list of them, each in the form that `as_text` gives."""

    def _convert_to_python(self, value: Any, state: Any) -> tuple[str, ...]:
        number = Number(decimals=12)
        texts = super()._convert_to_python(value, state)
        return tuple(as_text(number.to_python(each.removesuffix("%"))) for each in texts)


class _Shares(Field):
    """Percentages by code, such as {4400 = "60%", 4410 = "40%"}, which sum to 100."""

    def _convert_to_python(self, value: Any, state: Any) -> Shares:
        if not isinstance(value, dict) or not value:
            raise self.refuse(value, 'write percentages by code, such as {4400 = "60%", 4410 = "40%"}')
        shares = tuple((Text().to_python(code), self._percent(each)) for code, each in value.items())
        if (total := sum_amounts(share for _, share in shares)) != _WHOLE:
            raise Refused(
                f"the percentages add up to {total}; correct them, so that they add up to 100", value, state
            )
        return shares

    def _percent(self, value: Any) -> Decimal:
        text = (
            str(value).removesuffix("%")
            if isinstance(value, str | int) and not isinstance(value, bool)
            else value
        )
        share: Decimal = Number(decimals=PERCENT_DECIMALS).to_python(text)
        if not 0 < share <= _WHOLE:
            raise self.refuse(value, "write a percentage above 0 and up to 100")
        return share


def _require_one_code(code: object, codes: object) -> dict[str, Errors]:
    if (code is None) == (codes is None):
        return {"code": "a rule needs either code or codes; write one of them"}
    return {}


def _require_a_fact(*facts: object) -> dict[str, Errors]:
    if not any(facts):
        return {"code": f"a rule needs a condition; add one of {', '.join(FACTS)}, or write a default"}
    return {}


class _RuleSchema(Document):
    """One rule: a pattern for each fact, and a code or codes."""

    item = classification = tax_category = kind = customer = text = reference = Optional(_Patterns())
    tax_rate = Optional(_Rates())
    code = Optional(Text())
    codes = Optional(_Shares())
    rules = (Check(("code", "codes"), _require_one_code), Check(tuple(FACTS), _require_a_fact))


class CodesSchema(Document):
    """A mapping, as a dict from TOML. ``to_python`` returns `Codes`."""

    default = Optional(Text())
    # FormEncode takes it for a field, so the rules between fields stay those of Document: none.
    rules = Each(_RuleSchema(), if_missing=())  # pyright: ignore[reportAssignmentType]

    def _convert_to_python(self, value_dict: Any, state: Any) -> Any:
        read = super()._convert_to_python(value_dict, state)
        default = ((read["default"], _WHOLE),) if read["default"] else ()
        return Codes(tuple(map(_rule, read["rules"])), default)


def _rule(read: Mapping[str, Any]) -> Rule:
    when = {name: patterns for name in FACTS if (patterns := read[name])}
    return Rule(when, read["codes"] or ((read["code"], _WHOLE),))


def codes_of(declared: object) -> Codes:
    """Return the mapping in ``declared``, a dict from TOML. Raises Invalid with every error.

    >>> codes_of({"default": "8400"}).default
    (('8400', Decimal('100')),)
    """
    try:
        codes: Codes = CodesSchema().to_python(declared)
    except Refused as error:
        raise invalid("the mapping of accounting codes is not valid", error) from None
    return codes


def read_codes(file: Path) -> Codes:
    """Return the mapping in a TOML file. Raises Invalid, which names the file and every error."""
    return codes_of(read_table(file))


def read_table(file: Path) -> dict[str, Any]:
    """Return the mapping in a TOML file as the dict that `codes_of` takes. Raises as `read_codes` does."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise Invalid(f"it has more than {_LARGEST:,} bytes; name the file with the rules")
        table = tomllib.loads(data.decode())
        codes_of(table)
    except Invalid as problem:
        raise Invalid(f"{file}: {problem}", errors=problem.errors) from None
    except OSError as error:
        raise Invalid(f"{file}: {error.strerror or error}; name the file with the rules") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{file}: it is not valid TOML: {error}; correct it") from error
    return table
