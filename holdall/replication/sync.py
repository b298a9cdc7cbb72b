"""`sync` makes a store equal to another store, key by key; `sync_both` brings each to the other."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from holdall.errors import HoldallError, Unsupported
from holdall.keys import format_key
from holdall.middleware.identity import require_free
from holdall.replication.apart import probe, require_two
from holdall.replication.both import BothWays
from holdall.replication.deliver import Delivery
from holdall.replication.policies import Policy, require_policy
from holdall.replication.report import SHOWN, Report, Unsettled
from holdall.replication.revisions.kept import keeps_revisions
from holdall.replication.revisions.merge import merge_fields
from holdall.replication.revisions.rule import ByRevisions
from holdall.replication.revisions.side import RevisedSide
from holdall.replication.rows import Manifest
from holdall.replication.rules import REFUSALS, OneWay, Rule
from holdall.replication.run import Run, Void
from holdall.replication.side import Side
from holdall.replication.state import State
from holdall.store import Store


def sync(
    source: Store[Any],
    target: Store[Any],
    *,
    prefix: str = "",
    delete: bool = False,
    dry_run: bool = False,
    verify: bool = False,
    full: bool = False,
    raw: bool = False,
    state: Store[Any] | None = None,
    forget: bool = False,
    allow_empty: bool = False,
    workers: int = 8,
    refusals: tuple[type[HoldallError], ...] = REFUSALS,
    tell: Callable[[int], None] = lambda count: None,
) -> Report:
    """Give ``target`` the value of every key of ``source`` under ``prefix`` that it does not have.

    The tags of both stores are remembered under reserved keys of ``target``, or of the store ``state``. If
    ``source`` has CHANGES, the next sync reads only what changed since. Otherwise it lists both stores, and
    reads the values of the keys whose tags are not the remembered ones; without TAGS, it reads every value.

    The source wins for every key that it has or had: a value that another writer stored at ``target`` is
    replaced, and the report counts it. Each write is a compare-and-swap against the tag that was seen, unless
    the store lacks SWAP. A key that was deleted since the last sync is deleted at ``target``. A key that only
    ``target`` ever had stays there, unless ``delete`` is true.

    Every value that ``target`` gets is one that ``source`` had during the sync. A value that changes in the
    meantime comes with this sync or with the next one. After a kill at any moment, the next sync goes on; it
    compares the values of the keys that were written but not remembered.

    If both stores have the layer `Expires`, a value has the same time left at both.

    With ``full``, all keys are compared even if ``source`` has a feed. This also finds what other writers
    changed at ``target``, which the feed of ``source`` does not tell. With ``verify``, the values of all keys
    are compared, and each written value is read back. With ``raw``, the stored bytes are compared, history
    and manifest included; then no other process should write. With ``forget``, everything that was
    remembered is deleted first. With ``dry_run``, nothing is written, and the report tells what would have
    been done.

    If a comparison finds no keys in ``source``, and would therefore delete all keys of ``target``, this raises
    Invalid and deletes nothing: a folder that is not mounted or a wrong address looks the same. With
    ``allow_empty``, it deletes them. Deletions that a feed tells need no such permission.

    ``workers`` is the number of threads. ``tell`` is called with 0 before a comparison of all keys begins, and
    from time to time with the number of keys that are settled. A key whose value ``target`` refuses is in the
    report, and the next sync tries it again.

    Raises Invalid if both are the same store, if one lies in the other, if no key can begin with ``prefix``, or
    if ``workers`` is less than 1, and Conflict if another process synced them in the meantime.

    >>> from holdall import Memory
    >>> books, copy = Memory(), Memory()
    >>> books["invoices/1"] = b"..."
    >>> sync(books, copy).copied, sync(books, copy).copied, dict(copy)
    (1, 0, {'invoices/1': b'...'})
    """
    require_two(source, target, prefix)
    giver, taker = (Side(store, prefix, raw=raw) for store in (source, target))
    way = (prefix, "raw" if raw else "")
    kept = _remember(target if state is None else state, (giver, taker), way, dry=dry_run, forget=forget)
    if not dry_run and not kept.manifest.blocks:
        probe(source, target, prefix)
        if raw and not prefix:
            require_free(giver.store, taker.store)
    rule = OneWay(Delivery(giver, taker, verify=verify, dry=dry_run), delete=delete, refusals=refusals)
    run = Run((giver, taker), (giver.feeds, False), kept, workers=workers, tell=tell, allow_empty=allow_empty)
    return run.go(lambda restored: rule, full=full or verify or (delete and kept.manifest.extra > 0))


def remembered(source: Store[Any], target: Store[Any]) -> Manifest:
    """Return what `sync` of these stores remembers. Raises Corrupt if it is damaged."""
    kept = State(target, (repr(source), repr(target)), ("", ""))
    kept.load()
    return kept.manifest


def distrust(source: Store[Any], target: Store[Any]) -> None:
    """Let the next `sync` of these stores compare all keys, rather than follow a feed from where it was."""
    kept = State(target, (repr(source), repr(target)), ("", ""))
    kept.load()
    if kept.manifest.complete:
        kept.commit(kept.manifest._replace(complete=False))


def sync_both(
    source: Store[Any],
    target: Store[Any],
    *,
    conflict: Policy = "raise",
    prefix: str = "",
    dry_run: bool = False,
    verify: bool = False,
    full: bool = False,
    state: Store[Any] | None = None,
    forget: bool = False,
    allow_empty: bool = False,
    workers: int = 8,
    tell: Callable[[int], None] = lambda count: None,
) -> Report:
    """Give each store what changed at the other one since the last sync, deletions included.

    If both stores have the layer `Versions`, their revisions tell what happened, also at other stores: if one value
    follows the other, it wins. Otherwise remembered tags tell which store changed. If a key changed at both,
    and the values differ, this is a conflict, which ``conflict`` settles: "ours" takes the value of ``source``,
    "theirs" that of ``target``, and "newest" the one that was written later, if both stores keep history. A
    function is called as ``merge(base, ours, theirs)`` and returns the value for both stores; see
    `holdall.replication.policies.Merge`. With "raise", both values stay as they are, and after the other keys this
    raises Unsettled. With "keep", both stores show the same value and keep the other one as a sibling; see
    `holdall.replication.conflicts`. "keep" and `merge_fields` need the layer `Versions` at both stores.

    If both stores have the layer `Expires`, a value has the same time left at both. A merged value lasts as long as
    the one of its values that lasts longest, and so does a value that both stores have.

    If one store has no keys any more, and the other one would therefore lose all of its keys, this raises
    Invalid, unless ``allow_empty`` is true. It follows the feeds if both stores have CHANGES, and otherwise
    lists both. The other arguments are those of `sync`, and so are its promises: each write is a
    compare-and-swap against the tag that was seen.

    What tags cannot tell, and revisions can: at the first sync, which of two different values is newer, so each
    is a conflict; that a value came by another store, so it may be a conflict; without UNIQUE_TAGS, that a value
    was changed and changed back; and that a store without a feed was restored from a backup, so that its keys
    come back that were deleted since. ``revisions`` of the report says which of the two decided.

    Raises Invalid if both are the same store, if one lies in the other, or if ``conflict`` is not a policy,
    Unsupported if a store lacks what the policy needs, Unsettled as above, and Conflict if another process
    synced the stores in the meantime.

    >>> from holdall import Memory
    >>> shop, cloud = Memory(), Memory()
    >>> shop["a"], cloud["b"] = b"1", b"2"
    >>> sync_both(shop, cloud).copied, dict(shop) == dict(cloud)
    (2, True)
    """
    require_two(source, target, prefix)
    require_policy(conflict)
    revisions = _follows_revisions(source, target, conflict)
    ours, theirs = (
        RevisedSide(store, prefix, dry=dry_run) if revisions else Side(store, prefix, raw=False)
        for store in (source, target)
    )
    way = (prefix, "revisions" if revisions else "both")
    kept = _remember(target if state is None else state, (ours, theirs), way, dry=dry_run, forget=forget)
    if not dry_run and not kept.manifest.blocks:
        probe(source, target, prefix)
    follows = ours.feeds and theirs.feeds
    run = Run(
        (ours, theirs), (ours.feeds, theirs.feeds), kept, workers=workers, tell=tell, allow_empty=allow_empty
    )
    run.report.revisions = revisions
    rules = _rules(ours, theirs, conflict, verify=verify, dry=dry_run)
    report = run.go(rules, full=full or verify or not follows)
    if conflict == "raise" and report.conflicts and not dry_run:
        raise _conflict(report)
    return report


def _remember(
    kept: Store[Any], sides: tuple[Side, Side], way: tuple[str, str], *, dry: bool, forget: bool
) -> State:
    """Return what a sync of ``sides`` in this ``way`` remembers in ``kept``. If ``forget``, delete it first."""
    state = State(kept, (sides[0].name, sides[1].name), way, dry=dry)
    state.forget() if forget else state.load()
    return state


def _follows_revisions(source: Store[Any], target: Store[Any], policy: Policy) -> bool:
    """Return whether a sync both ways follows the revisions of both stores.

    Raises Unsupported if a store does not keep any, and ``policy`` needs them.
    """
    lacks = [store for store in (source, target) if not keeps_revisions(store)]
    if lacks and (policy == "keep" or policy is merge_fields):
        raise Unsupported(
            f"{lacks[0]!r} keeps no revisions that a sync can write; wrap it in Versions (history=on in its address), "
            "or give another policy"
        )
    return not lacks


def _rules(ours: Side, theirs: Side, policy: Policy, *, verify: bool, dry: bool) -> Callable[[Void], Rule]:
    """Return the function that makes the rule of a sync both ways."""
    if isinstance(ours, RevisedSide) and isinstance(theirs, RevisedSide):
        rule = ByRevisions((ours, theirs), policy, verify=verify)
        return lambda restored: rule
    there, back = (
        Delivery(giver, taker, verify=verify, dry=dry) for giver, taker in ((ours, theirs), (theirs, ours))
    )
    return partial(BothWays, there, back, policy)


def _conflict(report: Report) -> Unsettled:
    found = len(report.conflicts)
    keys = ", ".join(map(format_key, report.conflicts[:3]))
    more = ", …" if found > 3 else ""
    count = "1 key" if found == 1 else f"{found:,} keys" if found < SHOWN else f"{SHOWN:,} or more keys"
    refused = "".join(
        f", {format_key(key)} was left out ({error})" for key, error in islice(report.refused.items(), 3)
    )
    return Unsettled(
        f"{count} changed at both stores ({keys}{more}){refused}, and all others are settled; "
        f"settle them with ours, theirs, newest, or a merge function{_hint(report)}",
        key=report.conflicts[0],
        report=report,
    )


def _hint(report: Report) -> str:
    if report.revisions:
        return ", or keep both values with keep"
    return " (tags do not tell which value follows the other; with history at both stores, revisions do)"
