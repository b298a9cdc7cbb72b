"""A FormEncode schema that reports every error at once: of fields, of unknown fields, of rules."""

from collections.abc import Callable
from typing import Any, NamedTuple

from holdall.domain.fields import shown
from holdall.extras import needs

with needs("domain"):
    from holdall._formencode import Invalid, Schema, format_compound_error

Errors = str | dict[str, "Errors"] | list["Errors | None"]
"""A reason, or the errors by field, or one entry for each item of a list and None for a sound one."""


class Rule(NamedTuple):
    """What must hold across fields: ``check``, given the fields ``needs``, returns the errors by field."""

    needs: tuple[str, ...]
    check: Callable[..., dict[str, Errors]]


class Document(Schema):  # type: ignore[misc]  # FormEncode has no types
    """A mapping with the fields declared and no others, that keeps every one of ``rules``.

    FormEncode skips chained validators once a field is in error, and reports an unknown field alone and
    outside of ``error_dict``. Here every unknown field is an error of that name, and a rule is checked
    whenever the fields that it needs are sound.

    >>> from holdall.domain.fields import Text
    >>> class Note(Document):
    ...     text = Text()
    >>> Note().to_python({"text": "paid"})
    {'text': 'paid'}
    """

    rules: tuple[Rule, ...] = ()
    # Let through here so that they are reported below, all of them.
    allow_extra_fields = True
    filter_extra_fields = True

    def _convert_to_python(self, value_dict: Any, state: Any) -> dict[str, Any]:
        if not isinstance(value_dict, dict):
            raise Invalid(f"{shown(value_dict)}: write an object with named fields", value_dict, state)
        clean, errors = self._sound(value_dict, state)
        for names, check in self.rules:
            if all(name in clean for name in names):
                broken = check(*(clean[name] for name in names))
                errors |= {name: _invalid(reason, value_dict) for name, reason in broken.items()}
        unknown = [name for name in value_dict if name not in self.fields]
        errors |= {name if isinstance(name, str) else shown(name): self._unknown(name) for name in unknown}
        if errors:
            raise Invalid(format_compound_error(errors), value_dict, state, error_dict=errors)
        return clean

    def _sound(self, value: dict[str, Any], state: Any) -> tuple[dict[str, Any], dict[str, Invalid]]:
        """The fields that are sound, converted, and the errors of the others."""
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
    """The exception that FormEncode would unpack to ``errors``."""
    if isinstance(errors, list):
        items = [_invalid(each, value) for each in errors]
        return Invalid("see its items", value, None, error_list=items)
    if isinstance(errors, dict):
        fields = {name: _invalid(each, value) for name, each in errors.items()}
        return Invalid("see its fields", value, None, error_dict=fields)
    return None if errors is None else Invalid(errors, value, None)
