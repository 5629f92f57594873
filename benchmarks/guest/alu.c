/* Work in registers only: a generator of random numbers, products, rotations, comparisons. */
#include <spawnlab.h>

int main(int argc, char **argv) {
    uint64_t a = 0x9E3779B97F4A7C15UL + argc, b = 0x2545F4914F6CDD1DUL, c = 1;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        a ^= a << 13;
        a ^= a >> 7;
        a ^= a << 17;
        b = (b + a) << 9 | (b + a) >> 55;
        c = c * 6364136223846793005UL + b;
        c ^= (a < b) ^ (c > i);
        a += c >> 3;
    }
    return (a ^ b ^ c) & 0x7f;
}
