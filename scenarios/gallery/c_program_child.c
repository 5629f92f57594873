#include "spawnlab.h"

/* The exit code is twice the number of bytes that come in. */
int main(int argc, char **argv) {
    uint64_t fds[1];
    size_t count = 1, length = 16;
    char bytes[16];
    if (ckb_inherited_fds(fds, &count) != CKB_SUCCESS || count != 1) return 1;
    if (ckb_read(fds[0], bytes, &length) != CKB_SUCCESS) return 2;
    return 2 * (int)length;
}
