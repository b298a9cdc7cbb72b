"""The connection to a file system. It is renewed if it was lost, or if an unread answer may be left in it."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters.fsspec.errors import answered, lost
from holdall.adapters.fsspec.tree import Tree

T = TypeVar("T")


class Link:
    """Holds the tree that ``connect`` makes: a first one at once, a new one after its connection was lost.

    Only one thread may use a link, unless threads may share its tree. A tree that threads share manages its
    own connections, and drops lost ones itself.
    """

    def __init__(self, connect: Callable[[], Tree]) -> None:
        self._connect = connect
        self._tree: Tree | None = connect()

    def ask(self, work: Callable[[Tree], T], *, again: bool) -> T:
        """The result of ``work`` on the tree.

        If the connection is lost and ``again`` is true, connects again and calls ``work`` once more. It does
        not do so after a timeout.
        """
        tree = self._connected()
        try:
            return work(tree)
        except BaseException as error:
            if not tree.threads and not answered(error):
                self.close()  # a late answer would be taken for the answer to the next request
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
