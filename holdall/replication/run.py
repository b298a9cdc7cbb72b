"""One run of a sync: it compares all keys, or follows the feeds, and remembers how far it came."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import islice
from typing import Final

from holdall.batches import split
from holdall.changes import NEW, OLD, Changes, Position
from holdall.errors import Expired, Invalid
from holdall.replication.report import Report
from holdall.replication.rows import PENDING, Block, Manifest, Row
from holdall.replication.rules import VOID, Outcome, Rule, is_new
from holdall.replication.side import Side
from holdall.replication.state import Rewriting, State
from holdall.replication.tasks import Slices, Task, group, is_kept, merge, pick
from holdall.store import ABSENT, Tag
from holdall.threads import Call
from holdall.transfer import run_calls

BATCH: Final = 2_000
"""The most changes of a feed that a sync settles before it remembers its position."""
_CHUNK: Final = 200  # keys that one thread delivers in one transaction
_FEW: Final = 8  # keys that one thread delivers one by one

Made = Block | list[Outcome]
Steps = Iterator[tuple[str, Call[Made]]]
Positions = tuple[str | None, str | None]
Void = tuple[bool, bool]
"""For the source and for the target, whether its remembered tags prove nothing."""


class Run:
    """A run between ``sides``, the source and the target. ``followed`` are those whose feeds it follows.

    Threads perform the tasks of a rule; this thread reads the listings and the feeds, and writes the state.
    ``tell`` is called with the number of keys that were settled. Unless ``allow_empty``, a comparison refuses to
    delete all keys of a side because the other one has none.
    """

    def __init__(
        self,
        sides: tuple[Side, Side],
        followed: tuple[bool, bool],
        state: State,
        *,
        workers: int,
        tell: Callable[[int], None],
        allow_empty: bool,
    ) -> None:
        self._sides = sides
        self._followed = followed
        self._state = state
        if workers < 1:
            raise Invalid(f"workers is {workers}; give 1 or more threads")
        self._workers = workers
        self._tell = tell
        self._allow_empty = allow_empty
        self._size = _CHUNK if sides[1].batches else _FEW
        self._unsettled: list[str] = []
        self.report = Report()

    def go(self, rules: Callable[[Void], Rule], *, full: bool) -> Report:
        """Settle what changed since the last run, or all keys, and return the report.

        ``rules`` returns the rule, given for each side whether it was restored from a backup.

        It compares all keys if ``full``, if there is no feed to follow, if the last comparison was interrupted,
        or if a feed cannot go on.
        """
        if self._can_follow and not full:
            try:
                self.follow(rules((False, False)))
            except Expired:
                pass
            else:
                return self.report
        restored = self.restored()
        self.compare(rules(restored), restored)
        return self.report

    @property
    def _can_follow(self) -> bool:
        """Whether feeds tell every key that may have to be settled: that of the source, or those of both sides."""
        positions = self._state.manifest.positions
        known = [position is not None for position in positions]
        return self._state.manifest.complete and self._followed[0] and tuple(known) == self._followed

    # ---- Comparing all keys ------------------------------------------------------------------------

    def restored(self) -> Void:
        """Return for each side whether its feed cannot go on from the remembered position.

        The tags of such a side prove nothing: a file that was restored from a backup may use a tag again.
        """
        manifest = self._state.manifest
        return tuple(map(self._is_expired, self._sides, manifest.positions, manifest.ends))  # type: ignore[return-value]

    def _is_expired(self, side: Side, *positions: str | None) -> bool:
        try:
            for position in {*positions} - {None}:
                next(side.changes(position), None)
        except Expired:
            return True
        return False

    def compare(self, rule: Rule, void: Void) -> None:
        """Settle all keys. The remembered tags of a side that is ``void`` prove nothing.

        The positions are those from before the listings, so what changes in the meantime comes again.
        """
        self.report.full = True
        self._tell(0)
        before = self._state.manifest
        reached = list(map(self._position_now, self._sides, self._followed))
        positions: Positions = tuple(map(_useful, reached))  # type: ignore[assignment]
        # After an interruption, the next run must find out again that the tags prove nothing.
        begun = before._replace(positions=before.positions if any(void) else positions, complete=False)
        rewriting = Rewriting(self._state, begun)
        steps = self._compare(rewriting, before, rule, void)
        self._finish(rewriting, steps, Manifest(positions, True))
        self.report.position = reached[0]

    def _position_now(self, side: Side, follows: bool) -> str | None:
        if not follows:
            return None
        return side.end(None)

    def _compare(self, rewriting: Rewriting, before: Manifest, rule: Rule, void: Void) -> Steps:
        announced = self._state.announced()
        source, target = (Slices(side.listing()) for side in self._sides)
        if not self._allow_empty:
            may_empty = rule.may_empty(bool(before.blocks or announced))
            self._require_keys(may_empty, (source.is_empty(), target.is_empty()))
        for block, stop in before.parts():
            stays = block is not None and not any(void) and not announced and rule.keeps(block)
            if block and stays and is_kept(block, stop, source, target):
                yield block.first, _done(block)
                continue
            rows = [_voided(row, void) for row in self._state.read(block)] if block else []
            tasks = merge(rows, source.until(stop), target.until(stop))
            for batch in split(map(partial(_with_announced, announced), tasks), BATCH):
                settled = [rule.settle(task) or task for task in batch]
                rewriting.announce([each for each in settled if isinstance(each, Task) and is_new(each)])
                yield from self._calls(rule, settled)

    def _require_keys(self, may_empty: tuple[bool, bool], empty: tuple[bool, bool]) -> None:
        """Raise Invalid if one side has no keys, for example because a disk is not mounted, and the other loses all."""
        if any(empty) and not all(empty):
            here = empty.index(True)
            if may_empty[here]:
                name, other = self._sides[here].label, self._sides[1 - here].name
                raise Invalid(
                    f"{name} has no keys, so all of them would be deleted at {other}; "
                    "check the address, or give allow_empty=True (--allow-empty)"
                )

    # ---- Following the feeds -----------------------------------------------------------------------

    def follow(self, rule: Rule) -> None:
        """Settle the keys that changed since the remembered positions, and those that are pending.

        Raises Expired if a feed cannot go on.
        """
        positions = self._state.manifest.positions
        if self._state.manifest.ends != positions and any(self.restored()):
            raise Expired("a store was restored from a backup since the last sync")
        feeds = [
            side.changes(position) if follows else None
            for side, position, follows in zip(self._sides, positions, self._followed, strict=True)
        ]
        pending = set(self._state.manifest.pending)
        while True:
            source, target = (_take(feed, pending) for feed in feeds)
            keys = source.keys() | target.keys() | pending
            manifest = self._state.manifest
            reached: Positions = tuple(feed and feed.position for feed in feeds)  # type: ignore[assignment]
            if not keys:
                break
            steps = self._changed(manifest, rule, keys, source, target)
            self._finish(Rewriting(self._state, manifest), steps, manifest._replace(positions=reached))
            pending = set()
            self.report.examined += len(keys)
            self._tell(self.report.examined)
        # The rows may be in the target, so that the commit moves the target's position; that is no reason for another.
        if reached[0] != manifest.positions[0]:
            self._state.commit(manifest._replace(positions=reached, ends=self._ends(reached)))
        self.report.position = reached[0]
        self.report.extra = manifest.extra

    def _changed(
        self,
        manifest: Manifest,
        rule: Rule,
        keys: Iterable[str],
        source: Mapping[str, Tag],
        target: Mapping[str, Tag],
    ) -> Steps:
        groups = group(keys, manifest.blocks)
        for number, (block, _) in enumerate(manifest.parts()):
            if number in groups:
                rows = self._state.read(block) if block else []
                tasks = pick(rows, groups[number], source, target)
                yield from self._calls(rule, [rule.settle(task) or task for task in tasks])
            elif block:
                yield block.first, _done(block)

    # ---- Both --------------------------------------------------------------------------------------

    def _calls(self, rule: Rule, settled: list[Outcome | Task]) -> Steps:
        """Yield calls that return the outcomes of ``settled``, in order; each performs some of the tasks."""
        chunk: list[Outcome | Task] = []
        tasks = 0
        for each in settled:
            chunk.append(each)
            tasks += isinstance(each, Task)
            if tasks == self._size:
                yield each.key, Call(partial(_perform, rule, chunk))
                chunk, tasks = [], 0
        if chunk:
            yield chunk[-1].key, Call(partial(_perform, rule, chunk))

    def _finish(self, rewriting: Rewriting, steps: Steps, ended: Manifest) -> None:
        """Take ``steps``, which cover all keys, and commit ``ended`` with the rows that they return."""
        with closing(run_calls(steps, self._workers)) as made:
            for _, one in made:
                if isinstance(one, Block):
                    rewriting.keep(one)
                else:
                    rewriting.add(outcome.row for outcome in one if outcome.row is not None)
                    self._count(one)
                if self.report.full:
                    self.report.examined += one.source.keys if isinstance(one, Block) else len(one)
                    self._tell(self.report.examined)
        complete = ended.complete and len(self._unsettled) <= PENDING
        pending = tuple(sorted(set(self._unsettled))[:PENDING])
        ends = self._ends(ended.positions)
        last = rewriting.finish(ended._replace(complete=complete, pending=pending, ends=ends))
        self.report.position = last.positions[0]
        self.report.extra = last.extra

    def _ends(self, positions: Positions) -> Positions:
        """Return the positions of now in the feeds that this run follows."""
        sides = zip(self._sides, self._followed, positions, strict=True)
        return tuple(side.end(position) if follows else None for side, follows, position in sides)  # type: ignore[return-value]

    def _count(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.report.add(outcome)
            if (outcome.siblings or not outcome.settled) and len(self._unsettled) <= PENDING:
                self._unsettled.append(outcome.key)


def _useful(position: str | None) -> str | None:
    """Return ``position``, or None if a feed does not tell from there what was deleted."""
    if position is None or Position.parse(position).origin in (NEW, OLD):
        return None
    return position


def _take(feed: Changes | None, pending: Iterable[str]) -> dict[str, Tag]:
    """Return the next batch of ``feed``. The feed told ``pending`` keys before, so their tags are not known."""
    if feed is None:
        return {}
    return dict.fromkeys(pending, VOID) | {change.key: change.tag for change in islice(feed, BATCH)}


def _done(block: Block) -> Call[Made]:
    """Return a call that needs no thread, because it was made."""
    call: Call[Made] = Call(lambda: block)
    call.run()
    return call


def _voided(row: Row, void: Void) -> Row:
    source, target = (
        VOID if dead and tag != ABSENT else tag for dead, tag in zip(void, row[1:], strict=True)
    )
    return Row(row.key, source, target)


def _with_announced(announced: dict[str, bool], task: Task) -> Task:
    """Return ``task`` with a row that tells which side had the key, if an interrupted sync announced it."""
    if task.row is None and task.key in announced:
        row = Row(task.key, VOID, ABSENT) if announced[task.key] else Row(task.key, ABSENT, VOID)
        return task._replace(row=row)
    return task


def _perform(rule: Rule, chunk: list[Outcome | Task]) -> Made:
    made = iter(rule.perform_many([each for each in chunk if isinstance(each, Task)]))
    return [next(made) if isinstance(each, Task) else each for each in chunk]
