/* Verifies an ECDSA signature over secp256k1 (SEC 2, section 2.4.1). Not for use with secrets, and not made for speed:
 * it stands for the lock scripts that most cells have. Exit code 0: valid. With an argument (behind its name) the message is changed. */
#include <spawnlab.h>

typedef unsigned __int128 wide;
typedef struct { uint64_t limb[4]; } number; /* 256 bits, the lowest first */
typedef struct { uint64_t limb[4], fold[3]; } modulus; /* and 2^256 minus it */
typedef struct { number x, y, z; } point; /* (x / z^2, y / z^3); at infinity where z is 0 */

static const modulus P = {{0xFFFFFFFEFFFFFC2F, -1UL, -1UL, -1UL}, {0x1000003D1}};
static const modulus N = {{0xBFD25E8CD0364141, 0xBAAEDCE6AF48A03B, 0xFFFFFFFFFFFFFFFE, -1UL},
                          {0x402DA1732FC9BEBF, 0x4551231950B75FC4, 1}};
static const point G = {{{0x59F2815B16F81798, 0x029BFCDB2DCE28D9, 0x55A06295CE870B07, 0x79BE667EF9DCBBAC}},
                        {{0x9C47D08FFB10D4B8, 0xFD17B448A6855419, 0x5DA4FBFC0E1108A8, 0x483ADA7726A3C465}},
                        {{1}}};

/* Made with d, k and z = SHA-256 of "spawnlab: a private key", "spawnlab: a nonce" and "spawnlab: a message". */
static const point KEY = {{{0x0BD68659DD74D719, 0x18F0875DEE29B5E4, 0x8EED88B314295487, 0xE091222D348170E8}},
                          {{0xABD323FB171655FD, 0x5635F7CE156A49C1, 0xDDDB3E68097CBF68, 0xB78AA7B1E4F2F58F}},
                          {{1}}};
static const number R = {{0x5168805AF32B564D, 0x1137EF3DFE4B48AD, 0x21F8A21DABBAFDD6, 0x5C4EBCD53A72C97E}};
static const number S = {{0x6D5E7660DB7CB47D, 0x9463922AAECE32B4, 0x230E8F12B986486C, 0x42FD1DDBFC6A66BC}};
#define MESSAGE {{0x2379BACC63407283, 0x298B6F04CE185E01, 0xEFDBA0FBE0051879, 0x10BFAC14C3AC3D05}}

static int is_zero(const number *a) { return !(a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]); }

static int is_less(const uint64_t *a, const uint64_t *b) {
    for (int i = 3; i >= 0; i--)
        if (a[i] != b[i]) return a[i] < b[i];
    return 0;
}

static uint64_t subtract(uint64_t *a, const uint64_t *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        wide difference = (wide)a[i] - b[i] - borrow;
        a[i] = difference;
        borrow = -(uint64_t)(difference >> 64);
    }
    return borrow;
}

/* a x b: 2^256 is as much as what the modulus lacks of it, so that the upper half is folded in till it is gone. */
static number multiply(const number *a, const number *b, const modulus *m) {
    uint64_t product[8] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            wide sum = (wide)a->limb[i] * b->limb[j] + product[i + j] + carry;
            product[i + j] = sum;
            carry = sum >> 64;
        }
        product[i + 4] = carry;
    }
    while (product[4] | product[5] | product[6] | product[7]) {
        uint64_t high[4];
        for (int i = 0; i < 4; i++) {
            high[i] = product[i + 4];
            product[i + 4] = 0;
        }
        for (int i = 0; i < 3; i++) {
            uint64_t carry = 0;
            for (int j = 0; j < 4; j++) {
                wide sum = (wide)m->fold[i] * high[j] + product[i + j] + carry;
                product[i + j] = sum;
                carry = sum >> 64;
            }
            for (int j = i + 4; carry && j < 8; j++) {
                product[j] += carry;
                carry = product[j] < carry;
            }
        }
    }
    number result = {{product[0], product[1], product[2], product[3]}};
    while (!is_less(result.limb, m->limb)) subtract(result.limb, m->limb);
    return result;
}

static number difference(const number *a, const number *b) {
    number result = *a;
    if (subtract(result.limb, b->limb)) {
        number lacking = {{0}};
        for (int i = 0; i < 3; i++) lacking.limb[i] = P.fold[i];
        subtract(result.limb, lacking.limb); /* adds the modulus, without what is beyond 256 bits */
    }
    return result;
}

static number inverse(const number *a, const modulus *m) {
    number exponent = {{m->limb[0] - 2, m->limb[1], m->limb[2], m->limb[3]}}, result = {{1}};
    for (int bit = 255; bit >= 0; bit--) {
        result = multiply(&result, &result, m);
        if (exponent.limb[bit / 64] >> bit % 64 & 1) result = multiply(&result, a, m);
    }
    return result;
}

static number times(const number *a, int count) {
    number zero = {{0}}, result = zero;
    while (count--) {
        number minus = difference(&zero, a);
        result = difference(&result, &minus);
    }
    return result;
}

static point twice(const point *a) {
    number yy = multiply(&a->y, &a->y, &P), xx = multiply(&a->x, &a->x, &P), xyy = multiply(&a->x, &yy, &P);
    number s = times(&xyy, 4), m = times(&xx, 3), mm = multiply(&m, &m, &P), ss = times(&s, 2);
    number yyyy = multiply(&yy, &yy, &P), eight = times(&yyyy, 8), yz = multiply(&a->y, &a->z, &P);
    point result = {difference(&mm, &ss), {{0}}, times(&yz, 2)};
    number rest = difference(&s, &result.x), product = multiply(&m, &rest, &P);
    result.y = difference(&product, &eight);
    return result;
}

static point add(const point *a, const point *b) {
    if (is_zero(&a->z)) return *b;
    if (is_zero(&b->z)) return *a;
    number azz = multiply(&a->z, &a->z, &P), bzz = multiply(&b->z, &b->z, &P);
    number azzz = multiply(&azz, &a->z, &P), bzzz = multiply(&bzz, &b->z, &P);
    number ax = multiply(&a->x, &bzz, &P), bx = multiply(&b->x, &azz, &P);
    number ay = multiply(&a->y, &bzzz, &P), by = multiply(&b->y, &azzz, &P);
    number h = difference(&bx, &ax), r = difference(&by, &ay);
    if (is_zero(&h)) {
        point infinity = {{{1}}, {{1}}, {{0}}};
        return is_zero(&r) ? twice(a) : infinity;
    }
    number hh = multiply(&h, &h, &P), hhh = multiply(&hh, &h, &P), v = multiply(&ax, &hh, &P), rr = multiply(&r, &r, &P);
    number vv = times(&v, 2), zz = multiply(&a->z, &b->z, &P), part = difference(&rr, &hhh);
    point result = {difference(&part, &vv), {{0}}, multiply(&zz, &h, &P)};
    number rest = difference(&v, &result.x), first = multiply(&r, &rest, &P), second = multiply(&ay, &hhh, &P);
    result.y = difference(&first, &second);
    return result;
}

int main(int argc, char **argv) {
    number z = MESSAGE, w = inverse(&S, &N);
    if (argc > 1) z.limb[0] ^= 1;
    number u = multiply(&z, &w, &N), v = multiply(&R, &w, &N);
    point both = add(&G, &KEY), sum = {{{1}}, {{1}}, {{0}}};
    for (int bit = 255; bit >= 0; bit--) {
        sum = twice(&sum);
        int which = (u.limb[bit / 64] >> bit % 64 & 1) | (v.limb[bit / 64] >> bit % 64 & 1) << 1;
        if (which) sum = add(&sum, which == 3 ? &both : which == 2 ? &KEY : &G);
    }
    if (is_zero(&sum.z)) return 2;
    number i = inverse(&sum.z, &P), ii = multiply(&i, &i, &P), x = multiply(&sum.x, &ii, &P);
    if (!is_less(x.limb, N.limb)) subtract(x.limb, N.limb);
    return subtract(x.limb, R.limb) || !is_zero(&x);
}
