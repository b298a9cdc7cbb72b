"""A party as people write it: one text, or an object with an id, a name or both."""

from typing import Any

from holdall.domain.fields import Field
from holdall.domain.schema import PartySchema


class AnyParty(Field):
    """A party as an object, or as one text, which is then its id and its name.

    >>> AnyParty().to_python("Ada"), AnyParty().to_python({"id": "C7"})
    ({'id': 'Ada', 'name': 'Ada'}, {'id': 'C7', 'name': 'C7'})
    """

    def _convert_to_python(self, value: Any, state: Any) -> dict[str, str]:
        if isinstance(value, str):
            value = {"id": value, "name": value}
        if not isinstance(value, dict) or not {"id", "name"} & value.keys():
            raise self.refuse(value, 'write a text, or an object such as {"id": "C7", "name": "Ada"}')
        filled = {"id": value.get("name"), "name": value.get("id")} | value
        party: dict[str, str] = PartySchema().to_python(filled, state)
        return party
