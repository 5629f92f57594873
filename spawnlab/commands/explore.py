"""``spawnlab explore MODE``: many topologies, or changes of a scenario, and those of which something is true."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, NOT_AS_EXPECTED, add_engine_option, add_version_option, number_from, use_engine

if TYPE_CHECKING:
    from pathlib import Path

    from ..explore.campaign import Batch, Campaign
    from ..explore.campaign_file import CampaignFile
    from ..explore.summary import Summary
    from .common import Subparsers

MODES = ("random", "limits", "suspend", "policy", "faults", "agree", "exhaustive")
_NUMBER, _JOBS = number_from(0, 1 << 62, "number"), number_from(1, 256, "number of processes")
KINDS = ("acyclic", "cyclic", "broken", "free", "any")


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "explore",
        help="play many generated topologies, or a scenario with many changes, and find those with a property",
        description="Play generated topologies of VMs and pipes, or scenarios that are given, with changes, and find "
        "those of which a property holds, the smallest first: deadlocks, unless another is given. Each found case has "
        "a token that makes it again anywhere: spawnlab case TOKEN. docs/explore.md has the modes, the properties and "
        "examples.",
        epilog="Exit status: 0 when the property held of no case, 1 when it held of some, 2 for bad input.",
    )
    parser.add_argument(
        "mode",
        choices=MODES,
        help="random: topologies in the chain's order; limits, suspend, policy, faults: each also within a random "
        "cycle limit, suspended at random, or, which is hypothetical, in another order of turns or with faults; agree: "
        "by each driver and engine, to find a fault of ours; exhaustive: all topologies of at most --vms, --pipes, "
        "and --operations of each VM",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="scenarios to change, or ELF files, in place of generated topologies"
    )
    parser.add_argument(
        "--property",
        metavar="TEXT",
        default="",
        help="an expression over facts, such as 'deadlock', or FILE.py:NAME, a function of a run",
    )
    parser.add_argument("--count", type=_NUMBER, metavar="N", help="how many cases (default: 1000; exhaustive: all)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed gives other cases (default: 0)")
    parser.add_argument("--kind", choices=KINDS, default="free", help="of topologies (default: free)")
    parser.add_argument("--vms", type=_NUMBER, metavar="N", help="VMs at the most (default: 8; exhaustive: 2)")
    parser.add_argument("--pipes", type=_NUMBER, metavar="N", help="pipes at the most (default: 10; exhaustive: 1)")
    parser.add_argument(
        "--operations", type=_NUMBER, metavar="N", help="of free ones (default: 24; exhaustive: of each VM, 2)"
    )
    parser.add_argument("--resume", metavar="FILE", help="keep the campaign in a file, and go on with what is in it")
    parser.add_argument("--jobs", type=_JOBS, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--cluster", metavar="ADDRESS", default="", help="have a Dask scheduler and its workers play")
    parser.add_argument("--shown", type=_NUMBER, default=5, metavar="N", help="found cases to print (default: 5)")
    parser.add_argument("--shrink", action="store_true", help="make the printed cases as small as they can be")
    parser.add_argument("--write", metavar="DIR", help="write the printed cases to a folder, as scenarios")
    parser.add_argument("--plot", metavar="FILE", help="draw the results, as .svg or .png")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_version_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Play and print; returns the exit status."""
    use_engine(options)
    from pathlib import Path

    from ..explore.campaign_file import CampaignFile
    from ..explore.plot import check_plot, plot
    from ..explore.summary import lines_of, summary_of
    from ..explore.survey import COUNT
    from ..views.jsontext import json_text

    if options.plot:
        check_plot(Path(options.plot))
    campaign = _campaign(options)
    space = campaign.space()
    if space is not None:
        options.count = space.numbers if options.count is None else min(options.count, space.numbers)
    elif options.count is None:
        options.count = COUNT
    kept = CampaignFile(Path(options.resume) if options.resume else None, campaign)
    try:
        _work(kept, options)
        result = summary_of(campaign, kept.batches(), shown=options.shown)
    finally:
        kept.close()
    if options.shrink:
        result = _shrunk(result)
    if options.write:
        _write(result, Path(options.write))
    if options.plot:
        plot(result, Path(options.plot))
    print(json_text(result) if options.json else "\n".join(lines_of(result)))
    return NOT_AS_EXPECTED if result.count_found else AS_EXPECTED


def _campaign(options: argparse.Namespace) -> Campaign:
    from ..explore.campaign import Campaign
    from ..explore.properties import is_function, read_source
    from ..explore.survey import shape_of
    from ..explore.written import written

    question, source = options.property, ""
    if is_function(question):
        question, source = read_source(question)
    campaign = Campaign(
        mode=options.mode,
        shape=shape_of(options.mode, options.kind, options.vms, options.pipes, options.operations),
        seed=options.seed,
        question=question,
        source=source,
        scenarios=tuple(written(file, version=options.script_version) for file in options.files),
    )
    campaign.asked()
    return campaign


def _work(kept: CampaignFile, options: argparse.Namespace) -> None:
    """Play what is missing; on a terminal with a bar, the rate, and how many were found."""
    from tqdm import tqdm

    from ..explore.work import work

    before = kept.batches()
    done, found = sum(batch.count for batch in before), sum(len(batch.found) for batch in before)
    with tqdm(total=max(done, options.count), initial=done, unit=" cases", file=sys.stderr, disable=None) as bar:

        def told(batch: Batch) -> None:
            nonlocal found
            found += len(batch.found)
            bar.set_postfix_str(f"{found} found", refresh=False)
            bar.update(batch.count)

        work(kept, options.count, jobs=options.jobs, cluster=options.cluster, told=told)


def _shrunk(summary: Summary) -> Summary:
    """The printed cases, each made small; those that come to the same are one."""
    import msgspec

    from ..explore.campaign import Found, smallest
    from ..explore.cases import case_of

    found: dict[str, Found] = {}
    for one in summary.found:
        case = smallest(summary.campaign, case_of(one.token))
        small = msgspec.structs.replace(one, token=case.token, size=case.size, changes=case.changes)
        found.setdefault(small.token, small)
    smaller = sorted(found.values(), key=lambda one: (one.size, one.number))
    return msgspec.structs.replace(summary, found=tuple(smaller))


def _write(summary: Summary, folder: Path) -> None:
    from ..explore.cases import case_of
    from ..explore.writing import write_case

    for one in summary.found:
        write_case(case_of(one.token), one.ending, folder / f"case{one.number}.json")
