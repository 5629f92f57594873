"""The instruction set as a Markdown page, printed from the definitions: ``python -m spawnlab.vm.isa.table``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..cost import cycles_of
from .definition import CompressedDefinition, Definition
from .fields import Format
from .fusion import FUSED, RULES
from .rv64c import COMPRESSED
from .tables import BASE

_TITLES = {
    "I": "RV64I, base integer instructions",
    "M": "RV64M, multiplication and division",
    "B": "RV64B (Zba, Zbb, Zbc, Zbs), bit manipulation: versions 1 and 2",
    "A": "RV64A, atomics: never on the chain",
}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The instruction set"
    yield ""
    yield "Printed from the definitions in `vm/isa` by `python -m spawnlab.vm.isa.table`; a test keeps it up to date."
    yield "Bits are shown from 31 (15) down, `.` standing for an operand's bit. Cycles are those of CKB."
    for letter, title in _TITLES.items():
        rows = [_base_row(d) for d in BASE if d.extension == letter]
        yield from _table(title, ("instruction", "bits", "effect", "cycles", "versions"), rows)
    header = ("form", "bits", "stands for", "illegal when 0", "HINT when 0", "cycles")
    yield from _table("RVC, compressed instructions", header, [_compressed_row(c) for c in COMPRESSED])
    yield ""
    yield "A HINT is illegal in version 0 and does nothing in versions 1 and 2."
    header = ("operation", "operands", "effect", "sequences (versions)", "cycles")
    yield from _table("Fused operations: versions 1 and 2", header, [_fused_row(d) for d in FUSED])


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(row)} |"


def _syntax(layout: Format) -> str:
    return layout.syntax.replace("{", "").replace("}", "")


def _code(mnemonic: str, layout: Format) -> str:
    return f"`{mnemonic} {_syntax(layout)}`".replace(" `", "`")


def _bits(pattern: str) -> str:
    return f"`{' '.join(pattern.split())}`"


def _versions(d: Definition) -> str:
    return ", ".join(map(str, sorted(d.versions)))


def _base_row(d: Definition) -> Sequence[str]:
    return (_code(d.mnemonic, d.format), _bits(d.pattern), d.summary, str(d.cycles), _versions(d))


def _compressed_row(c: CompressedDefinition) -> Sequence[str]:
    example = [f.base + f.step for f in c.format.fields]  # any operands that are neither reserved nor a HINT
    mnemonic, _ = c.expand(*example)
    effect = (c.expand.__doc__ or "").strip()
    return (
        _code(c.mnemonic, c.format),
        _bits(c.pattern),
        f"`{mnemonic}`: {effect}",
        ", ".join(c.reserved),
        ", ".join(c.hint),
        str(cycles_of(mnemonic)),
    )


def _fused_row(d: Definition) -> Sequence[str]:
    sequences = (
        f"`{'; '.join(r.sequence)}` ({', '.join(map(str, sorted(r.versions)))})" for r in RULES if r.fused is d
    )
    return (f"`{d.mnemonic}`", _syntax(d.format), d.summary, ", ".join(sequences), str(d.cycles))


if __name__ == "__main__":
    print(page(), end="")
