"""What must hold of every story, whatever the run."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from spawnlab.pictures.model import BLOCKED, Doing, Story
from spawnlab.scheduler.events import IterationEnded, SwappedIn, SwappedOut, Transferred
from spawnlab.scheduler.journal import Journal
from spawnlab.views.accounts import Kind, accounts

_OF_NO_TURN = {Kind.SWAP, Kind.AGAIN, Kind.BEFORE}


def check(story: Story, journal: Journal) -> Story:
    """The laws; gives the story back."""
    check_spans(story)
    check_cycles(story, journal)
    check_transfers(story, journal)
    return story


def check_spans(story: Story) -> None:
    """A VM's spans lie end to end over its life, each within it, and what is swapped out does not run."""
    for vm in story.vms:
        spans = story.spans_of(vm.vm)
        end = story.end if vm.ended is None else vm.ended
        if end > vm.born:
            assert (spans[0].start, spans[-1].end) == (vm.born, end), vm
        for before, after in pairwise(spans):
            assert before.end == after.start, (before, after)
        assert all(span.start <= span.end for span in spans)
        for away in story.away:
            assert away.vm != vm.vm or away.start <= away.end
            for span in spans:
                if away.vm == vm.vm and span.doing is Doing.RUNNING:
                    assert span.end <= away.start or span.start >= away.end, (span, away)


def check_cycles(story: Story, journal: Journal) -> None:
    """Positions never fall; turns lie end to end; what VMs ran and what swaps took is what the books say."""
    assert list(story.event_cycles) == sorted(story.event_cycles)
    assert len(story.event_cycles) == len(story.event_turns) == len(journal)
    for before, after in pairwise(story.turns):
        assert before.end == after.start or any(fault.at >= before.end for fault in story.faults), (before, after)
    for turn in story.turns:
        assert turn.start <= turn.run_start <= turn.run_end <= turn.end
    books = accounts(journal)
    ran: Counter[int] = Counter()
    for span in story.spans:
        if span.doing is Doing.RUNNING:
            ran[span.vm] += span.end - span.start
    charged: Counter[int] = Counter()
    for (vm, kind), cycles in books.consumed.items():
        charged[vm] += 0 if kind in _OF_NO_TURN else cycles
    assert +ran == +charged
    swapped: Counter[int] = Counter()
    for swap in story.swaps:
        swapped[swap.vm] += swap.end - swap.start
    assert +swapped == +Counter({vm: n for (vm, kind), n in books.consumed.items() if kind is Kind.SWAP})
    assert story.end >= books.total
    assert len(story.swaps) == sum(isinstance(event, SwappedIn | SwappedOut) for event in journal)
    assert len(story.turns) >= sum(isinstance(event, IterationEnded) for event in journal)


def check_transfers(story: Story, journal: Journal) -> None:
    """Every transfer is told once, ends a read, and is of a write: both waited for it."""
    events = [event for event in journal if isinstance(event, Transferred)]
    assert [(t.writer, t.reader, t.fd, t.size) for t in story.transfers] == [
        (e.vm, e.reader, e.fd, e.size) for e in events
    ]
    assert sum(pipe.size for pipe in story.pipes) == sum(event.size for event in events)
    assert sum(pipe.transfers for pipe in story.pipes) == len(events)
    spans = {(span.vm, span.doing, span.start, span.end) for span in story.spans}
    writes = {(s.vm, s.start): s for s in story.spans if s.doing in (Doing.WRITE, Doing.UNKNOWN)}
    for transfer in story.transfers:
        ends = [(transfer.reader, doing, transfer.reader_since, transfer.at) for doing in (Doing.READ, Doing.UNKNOWN)]
        assert story.end == transfer.at or any(end in spans for end in ends), transfer
        write = writes.get((transfer.writer, transfer.writer_since))
        assert write is None or write.end >= transfer.at
    for answer in story.answers:
        if answer.since is not None:
            assert answer.since <= answer.at
    assert all(span.fd is not None or span.target is not None for span in story.spans if span.doing in BLOCKED)
