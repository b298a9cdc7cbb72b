"""Examples at the end of a command's help, one per line."""


def examples(*lines: str) -> str:
    """Return the epilog that shows ``lines``, which are commands without the leading ``holdall``."""
    heading = "Example" if len(lines) == 1 else "Examples"
    return "\n".join(["\b", f"{heading}:", *(f"  holdall {line}" for line in lines)])
