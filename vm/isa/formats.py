"""The formats of 32-bit instructions, as the unprivileged manual draws them (chapter "Instruction formats")."""

from .fields import Format, Kind, field, register

RD = register("rd", "11:7")
RS1 = register("rs1", "19:15")
RS2 = register("rs2", "24:20")

NONE = Format("none", (), "")
R = Format("R", (RD, RS1, RS2), "{rd}, {rs1}, {rs2}")
UNARY = Format("unary", (RD, RS1), "{rd}, {rs1}")
I = Format("I", (RD, RS1, field("imm", "31:20", signed=True)), "{rd}, {rs1}, {imm}")  # noqa: E741 - the manual's name
LOAD = Format("load", I.fields, "{rd}, {imm}({rs1})")
SHIFT64 = Format("shift", (RD, RS1, field("shamt", "25:20")), "{rd}, {rs1}, {shamt}")
SHIFT32 = Format("shift word", (RD, RS1, field("shamt", "24:20")), "{rd}, {rs1}, {shamt}")
S = Format("S", (RS2, RS1, field("imm", "31:25=11:5 11:7=4:0", signed=True)), "{rs2}, {imm}({rs1})")
B = Format(
    "B",
    (RS1, RS2, field("imm", "31:25=12|10:5 11:7=4:1|11", Kind.TARGET, signed=True)),
    "{rs1}, {rs2}, {imm}",
)
U = Format("U", (RD, field("imm", "31:12=31:12", Kind.UPPER, signed=True)), "{rd}, {imm}")
J = Format("J", (RD, field("imm", "31:12=20|10:1|11|19:12", Kind.TARGET, signed=True)), "{rd}, {imm}")
FENCE = Format(
    "fence",
    (field("fm", "31:28"), field("pred", "27:24", Kind.FENCE), field("succ", "23:20", Kind.FENCE)),
    "{pred}, {succ}[, {fm}]",
)
AMO = Format("atomic", (RD, RS2, RS1, field("aqrl", "26:25")), "{rd}, {rs2}, ({rs1})[, {aqrl}]")
LR = Format("load-reserved", (RD, RS1, field("aqrl", "26:25")), "{rd}, ({rs1})[, {aqrl}]")
