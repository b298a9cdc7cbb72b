"""Whether a request of Amazon's SDK, refused in the end, may have had its effect at an earlier try."""

from typing import Any

_DOUBT = "HoldallInDoubt"  # in the metadata of an answer


def note_doubt(request: Any, response: Any) -> None:
    """Keep what is known so far; for the ``needs-retry`` event, which each answer passes.

    So does each failure to get one, with None as its ``response``.
    """
    context = request["context"]
    if response is None:
        context[_DOUBT] = True
        return
    answer, parsed = response
    parsed["ResponseMetadata"][_DOUBT] = context.get(_DOUBT, False)
    context[_DOUBT] = context.get(_DOUBT, False) or answer.status_code >= 500


def doubted(error: BaseException | None) -> bool:
    """Whether the request that ``error`` answered may have met the effect of an earlier try of its own."""
    answer = getattr(error, "response", None)  # of a ClientError it is a dict
    return isinstance(answer, dict) and bool(answer.get("ResponseMetadata", {}).get(_DOUBT))
