"""Tells PyInstaller where its hook for holdall is: it runs the hook when it bundles a program that imports holdall."""


def get_hook_dirs() -> list[str]:
    """The folder of the hook."""
    return list(__path__)
