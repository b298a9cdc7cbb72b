"""Stores with one defect each about foreign names, and the checks that must catch it."""

from collections.abc import Iterator

from holdall.errors import Unsupported
from holdall.keys import Foreign, Span, fits, to_name
from holdall.store import Feature, Tag
from tests.conformance.minimal import Minimal
from tests.conformance.wrong_stores import caught_by


class Shared(Minimal):
    """Shares its rows with other programs, which may store any name."""

    @property
    def features(self) -> Feature:
        return Feature.TAGS

    def names(self, prefix: str, start: str, stop: str | None) -> list[str]:
        span = Span.of(prefix, start, stop)
        return [to_name(name) for name in sorted(self._held) if name in span]

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (name for name in self.names(prefix, start, stop) if not isinstance(name, Foreign))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return ((key, Tag("1")) for key in self.scan(prefix, start=start, stop=stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return iter(self.names(prefix, start, stop))

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._held[name.stored]

    def plant(self) -> dict[str, bytes]:
        planted = {"a//b": b"1", "b/": b"2"}
        self._held |= planted
        return planted


@caught_by("test_foreign_names_are_not_keys", "test_clear_leaves_foreign_names")
class ShowsThem(Shared):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return map(str, self.names(prefix, start, stop))


@caught_by("test_foreign_names_have_no_tags")
class TagsThem(Shared):
    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return ((name, Tag("1")) for name in self.names(prefix, start, stop))


@caught_by("test_foreign_names_are_not_keys")
class CountsThem(Shared):
    def __len__(self) -> int:
        return len(self._held)


@caught_by("test_clear_leaves_foreign_names")
class ClearsThem(Shared):
    def clear(self) -> None:
        self._held.clear()


@caught_by("test_foreign_names_are_listed_and_read")
class HidesThem(Shared):
    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self.scan(prefix, start=start, stop=stop)


@caught_by("test_foreign_names_are_listed_and_read")
class HidesKeys(Shared):
    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (name for name in self.names(prefix, start, stop) if isinstance(name, Foreign))


@caught_by("test_foreign_names_are_listed_and_read")
class TakesRecordsForForeign(Shared):
    def names(self, prefix: str, start: str, stop: str | None) -> list[str]:
        span = Span.of(prefix, start, stop)._replace(hides=False)
        held = sorted(name for name in self._held if name in span)
        return [name if fits(name) and ".holdall" not in name else Foreign(name) for name in held]


@caught_by("test_foreign_names_are_listed_and_read")
class ReadsThemAsMissing(Shared):
    def get_foreign(self, name: Foreign, /) -> bytes:
        raise KeyError(name)


@caught_by("test_a_deleted_foreign_name_raises_key_error")
class ReadsTheMissingAsUnsupported(Shared):
    def get_foreign(self, name: Foreign, /) -> bytes:
        if name.stored not in self._held:
            raise Unsupported("it cannot be read")
        return self._held[name.stored]
