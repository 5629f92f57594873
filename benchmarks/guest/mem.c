/* Work in memory: filling, copying, adding up, and following a chain through all of an array. */
#include <spawnlab.h>

#define WORDS 8192
static uint64_t from[WORDS], to[WORDS];
static uint32_t next[WORDS];

int main(int argc, char **argv) {
    uint64_t sum = argc;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < WORDS; i++) from[i] = i * 2654435761UL + round;
        for (uint64_t i = 0; i < WORDS; i++) to[WORDS - 1 - i] = from[i] ^ sum;
        for (uint64_t i = 0; i < WORDS; i++) sum += to[i] + ((uint8_t *)from)[i * 8 + (i & 7)];
        for (uint64_t i = 0; i < WORDS; i++) next[i] = (i * 5 + 3) % WORDS;
        for (uint32_t i = 0, at = 0; i < WORDS; i++) sum += from[at = next[at]];
    }
    return sum & 0x7f;
}
