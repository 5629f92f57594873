/* The environment of a program that checks itself, on a machine without privileged modes.
 *
 * System call 93 ends it: with 0 when all went well, else with the low byte of the number of the check that failed
 * (255 where that byte is 0, so that no failure looks like a success).
 */
#ifndef SPAWNLAB_RISCV_TEST_H
#define SPAWNLAB_RISCV_TEST_H

/* The register that holds the number of the check under way. */
#define TESTNUM gp

#define RVTEST_RV64U

#define RVTEST_CODE_BEGIN       \
        .section .text.init;    \
        .globl _start;          \
_start:                         \
        li TESTNUM, 0

#define RVTEST_CODE_END

#define RVTEST_PASS             \
        li a0, 0;               \
        li a7, 93;              \
        ecall

#define RVTEST_FAIL             \
        andi a0, TESTNUM, 0xff; \
        bnez a0, 9f;            \
        li a0, 0xff;            \
9:      li a7, 93;              \
        ecall

#define EXTRA_DATA

#define RVTEST_DATA_BEGIN EXTRA_DATA
#define RVTEST_DATA_END

#endif
