"""Record whether a refused request of Amazon's SDK may have taken effect in an earlier attempt."""

from typing import Any

_DOUBT = "HoldallInDoubt"  # in the metadata of an answer


def note_doubt(request: Any, response: Any) -> None:
    """Record whether an earlier attempt of ``request`` may have taken effect.

    The ``needs-retry`` event calls this for each answer, and with None as ``response`` for each failure to
    get an answer.
    """
    context = request["context"]
    if response is None:
        context[_DOUBT] = True
        return
    answer, parsed = response
    parsed["ResponseMetadata"][_DOUBT] = context.get(_DOUBT, False)
    context[_DOUBT] = context.get(_DOUBT, False) or answer.status_code >= 500


def put_in_doubt(error: Any) -> None:
    """Record that an earlier attempt, which another client made, may have caused the ClientError ``error``."""
    error.response["ResponseMetadata"][_DOUBT] = True


def is_in_doubt(error: BaseException | None) -> bool:
    """Whether an earlier attempt of the same request may have caused ``error``."""
    answer = getattr(error, "response", None)  # for a ClientError it is a dict
    return isinstance(answer, dict) and bool(answer.get("ResponseMetadata", {}).get(_DOUBT))
