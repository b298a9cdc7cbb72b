"""A file system that stays connected: anew when its connection was lost."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters.fsspec.errors import lost
from holdall.adapters.fsspec.tree import Tree

T = TypeVar("T")


class Link:
    """The tree that ``connect`` makes: a first one at once, another where its connection was lost.

    A link is for one thread, unless its tree is for threads to share. Such a tree has connections of its
    own, and drops the lost ones itself.
    """

    def __init__(self, connect: Callable[[], Tree]) -> None:
        self._connect = connect
        self._tree: Tree | None = connect()

    def ask(self, work: Callable[[Tree], T], *, again: bool) -> T:
        """``work`` on the tree; where the connection turns out to be gone and ``again``, once more on another.

        A server that keeps silent is waited for once.
        """
        tree = self._connected()
        try:
            return work(tree)
        except Exception as error:
            if not lost(error):
                raise
            if not tree.threads:
                self.close()
            if not again or isinstance(error, TimeoutError):
                raise
        return work(self._connected())

    def _connected(self) -> Tree:
        tree = self._tree
        if tree is None:
            tree = self._tree = self._connect()
        return tree

    def close(self) -> None:
        """Close the connection, if there is one."""
        tree, self._tree = self._tree, None
        if tree is not None:
            tree.close()
