"""Prices in cycles: the only cost model that CKB uses, the same in all versions (``vm-cost`` §1 and §2)."""

_PRICES = {
    500: "ecall ebreak",
    32: "div divu divw divuw rem remu remw remuw wide.div wide.divu",
    5: "mul mulh mulhu mulhsu mulw wide.mul wide.mulu wide.mulsu",
    4: "lr.w sc.w amoswap.w amoadd.w amoxor.w amoand.w amoor.w amomin.w amomax.w amominu.w amomaxu.w",
    3: "lb lbu lh lhu lw lwu sb sh sw beq bne blt bge bltu bgeu jal jalr far.jump.rel far.jump.abs "
    "lr.d sc.d amoswap.d amoadd.d amoxor.d amoand.d amoor.d amomin.d amomax.d amominu.d amomaxu.d",
    2: "ld sd",
}
_CYCLES = {mnemonic: price for price, mnemonics in _PRICES.items() for mnemonic in mnemonics.split()}

BYTES_PER_CYCLE = 4
"""Bytes that are moved for one cycle."""


def cycles_of(mnemonic: str) -> int:
    """Cycles of one operation; 1 unless the table says otherwise."""
    return _CYCLES.get(mnemonic, 1)


def transfer_cycles(size_bytes: int) -> int:
    """Cycles for moving so many bytes: a quarter of them, rounded up (``vm-cost`` §2)."""
    return -(-size_bytes // BYTES_PER_CYCLE)
