"""Whether a function of a library is still the library's own, or a mock or a tracer took its place."""

from pathlib import Path
from types import FunctionType, ModuleType


def folder_of(package: ModuleType) -> str:
    """Return the folder of a package, with a slash at its end."""
    return f"{Path(package.__file__ or '').parent}/"


def is_original(found: object, folders: tuple[str, ...]) -> bool:
    """Return whether ``found`` is a function whose code is in one of ``folders``."""
    # A wrapper of wrapt, by which most tracers replace functions, passes for a function in isinstance.
    return type(found) is FunctionType and found.__code__.co_filename.startswith(folders)
