/* Branches and calls: steps to 1 of Collatz's problem, an interpreter of a small code, recursion. */
#include <spawnlab.h>

static uint64_t fibonacci(uint64_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static uint64_t interpret(const uint8_t *code, uint64_t limit) {
    uint64_t a = 1, b = 0;
    for (uint64_t at = 0, steps = 0; steps < limit; steps++) {
        switch (code[at]) {
        case 0: a += b; at++; break;
        case 1: b ^= a >> 3; at++; break;
        case 2: at += a & 1 ? 1 : 2; break;
        case 3: a = a * 3 + 1; at++; break;
        case 4: a >>= 1; at++; break;
        default: at = 0;
        }
    }
    return a ^ b;
}

int main(int argc, char **argv) {
    static const uint8_t code[] = {3, 2, 0, 1, 4, 2, 3, 0, 2, 1, 4, 9};
    uint64_t sum = argc;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        for (uint64_t n = round; n != 1; sum++) n = n & 1 ? 3 * n + 1 : n / 2;
        sum += interpret(code, 2000);
        sum ^= fibonacci(10 + round % 4);
    }
    return sum & 0x7f;
}
