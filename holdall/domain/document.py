"""A FormEncode schema that reports all errors at once: in fields, of unknown fields, and of rules."""

from collections.abc import Callable
from typing import Any, NamedTuple

from holdall.domain.fields import format_value
from holdall.extras import needs

with needs("domain"):
    from holdall._formencode import Invalid, Schema, format_compound_error

Errors = str | dict[str, "Errors"] | list["Errors | None"]
"""A reason, or the errors by field, or a list with one entry per item, which is None for a valid item."""


class Rule(NamedTuple):
    """A rule across fields.

    ``check`` takes the values of the fields ``needs``, and returns the errors by field.
    """

    needs: tuple[str, ...]
    check: Callable[..., dict[str, Errors]]


class Document(Schema):  # type: ignore[misc]  # FormEncode has no types
    """A mapping that has only declared fields and satisfies all ``rules``.

    FormEncode skips chained validators if a field has an error, and it reports an unknown field without the
    other errors, outside of ``error_dict``. This class reports every unknown field under its name, and checks
    a rule whenever the fields that the rule needs are valid.

    >>> from holdall.domain.fields import Text
    >>> class Note(Document):
    ...     text = Text()
    >>> Note().to_python({"text": "paid"})
    {'text': 'paid'}
    """

    rules: tuple[Rule, ...] = ()
    # FormEncode lets unknown fields pass, so that `_convert_to_python` can report all of them.
    allow_extra_fields = True
    filter_extra_fields = True

    def _convert_to_python(self, value_dict: Any, state: Any) -> dict[str, Any]:
        if not isinstance(value_dict, dict):
            raise Invalid(f"{format_value(value_dict)}: write an object with named fields", value_dict, state)
        clean, errors = self._sound(value_dict, state)
        for names, check in self.rules:
            if all(name in clean for name in names):
                broken = check(*(clean[name] for name in names))
                errors |= {name: _invalid(reason, value_dict) for name, reason in broken.items()}
        unknown = [name for name in value_dict if name not in self.fields]
        errors |= {
            name if isinstance(name, str) else format_value(name): self._unknown(name) for name in unknown
        }
        if errors:
            raise Invalid(format_compound_error(errors), value_dict, state, error_dict=errors)
        return clean

    def _sound(self, value: dict[str, Any], state: Any) -> tuple[dict[str, Any], dict[str, Invalid]]:
        """Return the converted values of the valid fields, and the errors of the others."""
        try:
            clean: Any = super()._convert_to_python(value, state)
            return clean, {}
        except Invalid as error:
            errors: dict[str, Invalid] = {**(error.error_dict or {})}
        sound = [name for name in self.fields if name in value and name not in errors]
        return {name: self.fields[name].to_python(value[name], state) for name in sound}, errors

    def _unknown(self, name: str) -> Invalid:
        known = ", ".join(self.fields)
        return Invalid(f"unknown field; leave it out, or write one of {known}", name, None)


def _invalid(errors: Errors | None, value: object) -> Invalid | None:
    """Return the exception that FormEncode unpacks to ``errors``."""
    if isinstance(errors, list):
        items = [_invalid(each, value) for each in errors]
        return Invalid("see its items", value, None, error_list=items)
    if isinstance(errors, dict):
        fields = {name: _invalid(each, value) for name, each in errors.items()}
        return Invalid("see its fields", value, None, error_dict=fields)
    return None if errors is None else Invalid(errors, value, None)
