/* System calls of CKB scripts, for programs without a C library. Each returns a code, 0 for success, unless it says
 * otherwise. Include it in one file of the program; `int main(int argc, char **argv)` is called, and its value is the
 * exit code. */
#ifndef SPAWNLAB_H
#define SPAWNLAB_H

typedef unsigned char uint8_t;
typedef signed char int8_t;
typedef unsigned short uint16_t;
typedef short int16_t;
typedef unsigned int uint32_t;
typedef int int32_t;
typedef unsigned long uint64_t;
typedef long int64_t;
typedef unsigned long size_t;
typedef unsigned long uintptr_t;
#define NULL ((void *)0)

enum {
    CKB_SUCCESS = 0,
    CKB_INDEX_OUT_OF_BOUND = 1,
    CKB_ITEM_MISSING = 2,
    CKB_LENGTH_NOT_ENOUGH = 3, /* or SLICE_OUT_OF_BOUND */
    CKB_INVALID_DATA = 4,      /* or WRONG_FORMAT */
    CKB_WAIT_FAILURE = 5,
    CKB_INVALID_FD = 6,
    CKB_OTHER_END_CLOSED = 7,
    CKB_MAX_VMS_SPAWNED = 8,
    CKB_MAX_FDS_CREATED = 9,
};

enum {
    CKB_SOURCE_INPUT = 1,
    CKB_SOURCE_OUTPUT = 2,
    CKB_SOURCE_CELL_DEP = 3,
    CKB_SOURCE_HEADER_DEP = 4,
};
#define CKB_SOURCE_GROUP_INPUT 0x0100000000000001UL
#define CKB_SOURCE_GROUP_OUTPUT 0x0100000000000002UL

static inline long ckb_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return a0;
}

/* Ends the VM; its low 8 bits, signed, are the exit code. */
__attribute__((noreturn)) static inline void ckb_exit(int code) {
    ckb_syscall(93, code, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/* Prints a text that ends with NUL. */
static inline void ckb_debug(const char *text) { ckb_syscall(2177, (long)text, 0, 0, 0, 0, 0); }

static inline int ckb_vm_version(void) { return (int)ckb_syscall(2041, 0, 0, 0, 0, 0, 0); }

static inline uint64_t ckb_current_cycles(void) { return (uint64_t)ckb_syscall(2042, 0, 0, 0, 0, 0, 0); }

/* Makes a pipe: fds[0] is its read end, fds[1] its write end. */
static inline int ckb_pipe(uint64_t fds[2]) { return (int)ckb_syscall(2604, (long)fds, 0, 0, 0, 0, 0); }

struct ckb_spawn_arguments {
    uint64_t argc;
    const char *const *argv;
    uint64_t *process_id;      /* out: the child's VM id */
    const uint64_t *fds;       /* ends for the child, and a 0 behind them */
};

/* Starts a program; `bounds` is its offset in the cell's data << 32 | its length (0: to the end), `place` 0 for data. */
static inline int ckb_spawn(size_t index, size_t source, size_t place, size_t bounds, struct ckb_spawn_arguments *arguments) {
    return (int)ckb_syscall(2601, (long)index, (long)source, (long)place, (long)bounds, (long)arguments, 0);
}

/* Starts the scenario's program number `program`, which is a cell dep. */
static inline int ckb_spawn_program(size_t program, int argc, const char *const *argv, const uint64_t *fds, uint64_t *process_id) {
    struct ckb_spawn_arguments arguments = {(uint64_t)argc, argv, process_id, fds};
    return ckb_spawn(program, CKB_SOURCE_CELL_DEP, 0, 0, &arguments);
}

/* Goes on as another program; comes back only if that can't be. */
static inline int ckb_exec(size_t index, size_t source, size_t place, size_t bounds, int argc, const char *const *argv) {
    return (int)ckb_syscall(2043, (long)index, (long)source, (long)place, (long)bounds, argc, (long)argv);
}

/* Waits for a VM's end. */
static inline int ckb_wait(uint64_t process_id, int8_t *exit_code) {
    return (int)ckb_syscall(2602, (long)process_id, (long)exit_code, 0, 0, 0, 0);
}

static inline uint64_t ckb_process_id(void) { return (uint64_t)ckb_syscall(2603, 0, 0, 0, 0, 0, 0); }

/* Reads at most *length bytes; *length becomes how many there were. */
static inline int ckb_read(uint64_t fd, void *buffer, size_t *length) {
    return (int)ckb_syscall(2606, (long)fd, (long)buffer, (long)length, 0, 0, 0);
}

/* Writes *length bytes; *length becomes how many were taken. */
static inline int ckb_write(uint64_t fd, const void *buffer, size_t *length) {
    return (int)ckb_syscall(2605, (long)fd, (long)buffer, (long)length, 0, 0, 0);
}

/* The fds that the VM was given; *length is how many there is room for, and becomes how many there are. */
static inline int ckb_inherited_fds(uint64_t *fds, size_t *length) {
    return (int)ckb_syscall(2607, (long)fds, (long)length, 0, 0, 0, 0);
}

static inline int ckb_close(uint64_t fd) { return (int)ckb_syscall(2608, (long)fd, 0, 0, 0, 0, 0); }

/* Loading: *length is how many bytes there is room for, and becomes how many there are from `offset` on. */
#define SPAWNLAB_LOAD(name, number)                                                                             \
    static inline int name(void *buffer, size_t *length, size_t offset, size_t index, size_t source) {          \
        return (int)ckb_syscall(number, (long)buffer, (long)length, (long)offset, (long)index, (long)source, 0); \
    }
SPAWNLAB_LOAD(ckb_load_cell, 2071)
SPAWNLAB_LOAD(ckb_load_header, 2072)
SPAWNLAB_LOAD(ckb_load_input, 2073)
SPAWNLAB_LOAD(ckb_load_witness, 2074)
SPAWNLAB_LOAD(ckb_load_cell_data, 2092)
SPAWNLAB_LOAD(ckb_load_block_extension, 2104)
#undef SPAWNLAB_LOAD

#define SPAWNLAB_LOAD_FIELD(name, number)                                                                            \
    static inline int name(void *buffer, size_t *length, size_t offset, size_t index, size_t source, size_t field) { \
        return (int)ckb_syscall(number, (long)buffer, (long)length, (long)offset, (long)index, (long)source,         \
                                (long)field);                                                                        \
    }
SPAWNLAB_LOAD_FIELD(ckb_load_cell_by_field, 2081)
SPAWNLAB_LOAD_FIELD(ckb_load_header_by_field, 2082)
SPAWNLAB_LOAD_FIELD(ckb_load_input_by_field, 2083)
#undef SPAWNLAB_LOAD_FIELD

#define SPAWNLAB_LOAD_OWN(name, number)                                                          \
    static inline int name(void *buffer, size_t *length, size_t offset) {                        \
        return (int)ckb_syscall(number, (long)buffer, (long)length, (long)offset, 0, 0, 0);      \
    }
SPAWNLAB_LOAD_OWN(ckb_load_transaction, 2051)
SPAWNLAB_LOAD_OWN(ckb_load_script, 2052)
SPAWNLAB_LOAD_OWN(ckb_load_tx_hash, 2061)
SPAWNLAB_LOAD_OWN(ckb_load_script_hash, 2062)
#undef SPAWNLAB_LOAD_OWN

/* What compilers call without being asked. */
__attribute__((weak, used)) void *memcpy(void *to, const void *from, size_t size) {
    volatile uint8_t *target = (volatile uint8_t *)to;
    const uint8_t *origin = (const uint8_t *)from;
    for (size_t i = 0; i < size; i++) target[i] = origin[i];
    return to;
}
__attribute__((weak, used)) void *memmove(void *to, const void *from, size_t size) {
    volatile uint8_t *target = (volatile uint8_t *)to;
    const uint8_t *origin = (const uint8_t *)from;
    if (target < origin)
        for (size_t i = 0; i < size; i++) target[i] = origin[i];
    else
        for (size_t i = size; i > 0; i--) target[i - 1] = origin[i - 1];
    return to;
}
__attribute__((weak, used)) void *memset(void *to, int value, size_t size) {
    volatile uint8_t *target = (volatile uint8_t *)to;
    for (size_t i = 0; i < size; i++) target[i] = (uint8_t)value;
    return to;
}
__attribute__((weak, used)) int memcmp(const void *one, const void *other, size_t size) {
    const uint8_t *a = (const uint8_t *)one, *b = (const uint8_t *)other;
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}
__attribute__((weak)) size_t strlen(const char *text) {
    const volatile char *end = text;
    while (*end) end++;
    return (size_t)(end - text);
}

int main(int argc, char **argv);

/* In version 0 a program without arguments has nothing on its stack, not even their number. */
__attribute__((naked, noreturn, used)) void _start(void) {
    __asm__ volatile(
        "li t0, 0x400000\n"
        "li a0, 0\n"
        "mv a1, sp\n"
        "beq sp, t0, 1f\n"
        "lw a0, 0(sp)\n"
        "addi a1, sp, 8\n"
        "1: call main\n"
        "li a7, 93\n"
        "ecall\n");
}

#endif
