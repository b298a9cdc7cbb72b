"""Documents that contain Pydantic models, as JSON that Pydantic writes, reads and validates."""

from typing import Any, Final

from holdall.extras import needs
from holdall.middleware.documents.declared import Unfit

with needs("pydantic"):
    import pydantic

_SHOWN: Final = 10  # reasons in a message; ``errors`` has all of them


class Models:
    """Documents of ``type``: a Pydantic model or dataclass, or a type that contains one, as ``list[Model]``.

    Fields are written by their names, and read by their names or aliases. Computed fields and excluded
    fields are not written.

    >>> class Payment(pydantic.BaseModel):
    ...     amount: int
    >>> Models(Payment).write(Payment(amount=5))
    b'{"amount":5}'
    """

    def __init__(self, type: Any) -> None:
        self._type = type
        self._adapter = pydantic.TypeAdapter(type)

    def write(self, value: Any) -> bytes:
        """``value`` as JSON. It is not validated until it is read."""
        if isinstance(self._type, type) and not isinstance(value, self._type):
            raise TypeError(
                f"it is of the type {type(value).__name__}, but {self._type.__name__} is declared"
            )
        return self._adapter.dump_json(value, round_trip=True, warnings="none")

    def read(self, data: bytes) -> Any:
        """The document. Raises `Unfit`, with a reason for each part, if it is not valid."""
        try:
            return self._adapter.validate_json(data, by_alias=True, by_name=True)
        except pydantic.ValidationError as error:
            reasons = {_path(each["loc"]): each["msg"] for each in error.errors(include_url=False)}
            raise Unfit(reasons, _SHOWN) from error


def _path(parts: tuple[int | str, ...]) -> str:
    """The name of a part, as `Invalid.flat` writes it.

    >>> _path(("lines", 0, "code"))
    'lines-0.code'
    """
    return "".join(f"-{part}" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
