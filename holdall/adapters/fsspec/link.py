"""A file system that stays connected: it connects again after a connection was lost, or may be out of step."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters.fsspec.errors import answered, lost
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
        except BaseException as error:
            if not tree.threads and not answered(error):
                self.close()  # its answer may still come, to whatever would be asked next
            if not again or not lost(error) or isinstance(error, TimeoutError):
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
