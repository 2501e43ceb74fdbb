// The kernels in C, by name: prints `time` and nanoseconds of one run.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
typedef int64_t i64;
static i64 now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ll + t.tv_nsec; }
static void check(int ok) { if (!ok) { puts("wrong result"); exit(1); } }
static double nbody(i64 n) {
    enum { N = 5 }; const double PI = 3.141592653589793, SM = 4 * PI * PI, D = 365.24;
    struct B { double x[3], v[3], m; } b[N] = {
        {{0, 0, 0}, {0, 0, 0}, SM},
        {{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01}, {1.66007664274403694e-03 * D, 7.69901118419740425e-03 * D, -6.90460016972063023e-05 * D}, 9.54791938424326609e-04 * SM},
        {{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01}, {-2.76742510726411014e-03 * D, 4.99852801234917238e-03 * D, 2.30417297573763929e-05 * D}, 2.85885980666130812e-04 * SM},
        {{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01}, {2.96460137564761618e-03 * D, 2.37847173959480950e-03 * D, -2.96589568540237556e-05 * D}, 4.36624404335156298e-05 * SM},
        {{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01}, {2.68067772490389322e-03 * D, 1.62824170038242295e-03 * D, -9.51592254519715870e-05 * D}, 5.15138902046611451e-05 * SM}};
    for (int k = 0; k < 3; k++) { double p = 0; for (int i = 0; i < N; i++) p += b[i].v[k] * b[i].m; b[0].v[k] = -p / SM; }
    for (i64 s = 0; s < n; s++) {
        for (int i = 0; i < N; i++) for (int j = i + 1; j < N; j++) {
            double dx = b[i].x[0] - b[j].x[0], dy = b[i].x[1] - b[j].x[1], dz = b[i].x[2] - b[j].x[2];
            double d2 = dx * dx + dy * dy + dz * dz, mag = 0.01 / (d2 * sqrt(d2)), mi = b[i].m * mag, mj = b[j].m * mag;
            b[i].v[0] -= dx * mj; b[i].v[1] -= dy * mj; b[i].v[2] -= dz * mj;
            b[j].v[0] += dx * mi; b[j].v[1] += dy * mi; b[j].v[2] += dz * mi;
        }
        for (int i = 0; i < N; i++) for (int k = 0; k < 3; k++) b[i].x[k] += 0.01 * b[i].v[k];
    }
    double e = 0;
    for (int i = 0; i < N; i++) {
        e += 0.5 * b[i].m * (b[i].v[0] * b[i].v[0] + b[i].v[1] * b[i].v[1] + b[i].v[2] * b[i].v[2]);
        for (int j = i + 1; j < N; j++) { double d = 0; for (int k = 0; k < 3; k++) { double q = b[i].x[k] - b[j].x[k]; d += q * q; } e -= b[i].m * b[j].m / sqrt(d); }
    }
    return e;
}
static double A(i64 i, i64 j) { return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1); }
static void mulAv(i64 n, const double *v, double *o) { for (i64 i = 0; i < n; i++) { double s = 0; for (i64 j = 0; j < n; j++) s += A(i, j) * v[j]; o[i] = s; } }
static void mulAtv(i64 n, const double *v, double *o) { for (i64 i = 0; i < n; i++) { double s = 0; for (i64 j = 0; j < n; j++) s += A(j, i) * v[j]; o[i] = s; } }
static double spectral(i64 n) {
    double *u = malloc(n * 8), *v = malloc(n * 8), *t = malloc(n * 8), a = 0, b = 0;
    for (i64 i = 0; i < n; i++) u[i] = 1;
    for (int i = 0; i < 10; i++) { mulAv(n, u, t); mulAtv(n, t, v); mulAv(n, v, t); mulAtv(n, t, u); }
    for (i64 i = 0; i < n; i++) { a += u[i] * v[i]; b += v[i] * v[i]; }
    free(u); free(v); free(t); return sqrt(a / b);
}
static i64 fannkuch(int n) {
    int p[16], q[16], c[16]; i64 sum = 0, max = 0, perm = 0; int r = n;
    for (int i = 0; i < n; i++) p[i] = i;
    for (;;) {
        for (; r > 1; r--) c[r - 1] = r;
        for (int i = 0; i < n; i++) q[i] = p[i];
        i64 f = 0;
        for (int k; (k = q[0]) != 0; f++) for (int i = 0, j = k; i < j; i++, j--) { int t = q[i]; q[i] = q[j]; q[j] = t; }
        if (f > max) max = f;
        sum += perm % 2 == 0 ? f : -f;
        for (;;) {
            if (r == n) return sum * 1000 + max;
            int t = p[0]; for (int i = 0; i < r; i++) p[i] = p[i + 1]; p[r] = t;
            if (--c[r] > 0) break;
            r++;
        }
        perm++;
    }
}
static i64 mandel(i64 n) {
    i64 in = 0;
    for (i64 y = 0; y < n; y++) for (i64 x = 0; x < n; x++) {
        double cr = 2.0 * x / n - 1.5, ci = 2.0 * y / n - 1.0, zr = 0, zi = 0, tr = 0, ti = 0; int i = 0;
        while (i < 50 && tr + ti <= 4.0) { zi = 2 * zr * zi + ci; zr = tr - ti + cr; tr = zr * zr; ti = zi * zi; i++; }
        if (tr + ti <= 4.0) in++;
    }
    return in;
}
struct T { struct T *l, *r; };
static struct T *mk(int d) { struct T *t = malloc(sizeof *t); t->l = t->r = 0; if (d > 0) { t->l = mk(d - 1); t->r = mk(d - 1); } return t; }
static i64 cnt(struct T *t) { return t->l ? 1 + cnt(t->l) + cnt(t->r) : 1; }
static void fr(struct T *t) { if (t->l) { fr(t->l); fr(t->r); } free(t); }
static i64 trees(int n) {
    i64 total = 0; struct T *lng = mk(n);
    for (int d = 4; d <= n; d += 4) for (int i = 0, k = 1 << (n - d + 4); i < k; i++) { struct T *t = mk(d); total += cnt(t); fr(t); }
    total += cnt(lng); fr(lng); return total;
}
static double matmul(i64 n) {
    double *a = malloc(n * n * 8), *b = malloc(n * n * 8), *c = calloc(n * n, 8), s = 0;
    for (i64 i = 0; i < n * n; i++) { a[i] = i % 7; b[i] = i % 5; }
    for (i64 i = 0; i < n; i++) for (i64 k = 0; k < n; k++) { double x = a[i * n + k]; for (i64 j = 0; j < n; j++) c[i * n + j] += x * b[k * n + j]; }
    for (i64 i = 0; i < n * n; i++) s += c[i];
    free(a); free(b); free(c); return s;
}
static i64 sieve(i64 n) {
    uint8_t *s = malloc(n + 1); memset(s, 1, n + 1); i64 c = 0;
    for (i64 i = 2; i * i <= n; i++) if (s[i]) for (i64 j = i * i; j <= n; j += i) s[j] = 0;
    for (i64 i = 2; i <= n; i++) c += s[i];
    free(s); return c;
}
static char *text(i64 words, i64 *len) { // words of 3..10 letters out of a vocabulary of 50000
    char *s = malloc(words * 12); i64 n = 0; uint64_t x = 88172645463325252ull;
    for (i64 i = 0; i < words; i++) {
        x ^= x << 13; x ^= x >> 7; x ^= x << 17;
        uint64_t w = (x % 50000) * 2654435761u + 12345; int l = 3 + w % 8;
        for (int k = 0; k < l; k++) { s[n++] = 'a' + w % 26; w = w / 26 * 7 + k + 1; }
        s[n++] = i % 10 == 9 ? '\n' : ' ';
    }
    *len = n; return s;
}
static i64 words(const char *s, i64 n) { // natural C: FNV-1a, open addressing, grows at half full
    struct E { const char *p; uint32_t l, c; uint64_t h; } *t; uint64_t cap = 16, used = 0, max = 0; t = calloc(cap, sizeof *t);
    for (i64 i = 0; i < n;) {
        while (i < n && (s[i] == ' ' || s[i] == '\n')) i++;
        i64 b = i; uint64_t h = 14695981039346656037ull;
        while (i < n && s[i] != ' ' && s[i] != '\n') h = (h ^ (uint8_t)s[i++]) * 1099511628211ull;
        if (i == b) break;
        if (used * 2 >= cap) { struct E *o = t; uint64_t oc = cap; cap *= 2; t = calloc(cap, sizeof *t); for (uint64_t k = 0; k < oc; k++) if (o[k].p) { uint64_t q = o[k].h & (cap - 1); while (t[q].p) q = (q + 1) & (cap - 1); t[q] = o[k]; } free(o); }
        uint64_t q = h & (cap - 1);
        while (t[q].p && !(t[q].h == h && t[q].l == i - b && !memcmp(t[q].p, s + b, i - b))) q = (q + 1) & (cap - 1);
        if (!t[q].p) { t[q].p = s + b; t[q].l = i - b; t[q].h = h; used++; }
        if (++t[q].c > max) max = t[q].c;
    }
    free(t); return used * 100000 + max;
}
static void quicksort(i64 *v, i64 low, i64 high) {
    while (low < high) {
        i64 pivot = v[low + (high - low) / 2], i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i <= j) { i64 t = v[i]; v[i] = v[j]; v[j] = t; i++; j--; }
        }
        if (j - low < high - i) { quicksort(v, low, j); low = i; } else { quicksort(v, i, high); high = j; }
    }
}
struct S { char *at; i64 len, capacity; };
static void put(struct S *s, const char *from, i64 n) {
    if (s->len + n > s->capacity) { s->capacity = s->len + n > s->capacity * 2 ? s->len + n : s->capacity * 2; s->at = realloc(s->at, s->capacity); }
    memcpy(s->at + s->len, from, n); s->len += n;
}
static void put1(struct S *s, char c) {
    if (s->len == s->capacity) { s->capacity = s->capacity ? s->capacity * 2 : 8; s->at = realloc(s->at, s->capacity); }
    s->at[s->len++] = c;
}
static i64 build(i64 n) {
    struct S s = {0, 0, 0}; i64 sum = 0;
    for (i64 i = 0; i < n; i++) {
        put(&s, "item ", 5); put1(&s, 'a' + i % 26); put1(&s, ' ');
        for (i64 rest = i % 1000; rest > 0; rest /= 10) put1(&s, '0' + rest % 10);
        put1(&s, '\n');
    }
    for (i64 i = 0; i < s.len; i++) sum = (sum * 31 + (unsigned char)s.at[i]) % 1000003;
    free(s.at); return sum;
}
int main(int c, char **v) {
    const char *w = c > 1 ? v[1] : ""; i64 t = 0; char *s; i64 l, r = 0; double f = 0; int fifty = 512 + c - 2, five = 5 + c - 2;
    #define IS(x) !strcmp(w, x)
    #define TIMED(x) t = now(); x; t = now() - t
    if (IS("nbody")) { TIMED(f = nbody(5000000)); check(fabs(f + 0.169083134) < 1e-8); }
    else if (IS("spectral")) { TIMED(f = spectral(3000)); check(fabs(f - 1.274224) < 1e-5); }
    else if (IS("fannkuch")) { TIMED(r = fannkuch(five + 5)); check(r == 73196038); }
    else if (IS("mandelbrot")) { TIMED(r = mandel(2000)); check(r == 1588053); }
    else if (IS("trees")) { TIMED(r = trees(18)); check(r == 33799103); }
    else if (IS("matmul")) { TIMED(for (int k = 0; k < 5; k++) f = matmul(fifty)); check(f == 805300217); }
    else if (IS("sieve")) { TIMED(for (int k = 0; k < 5; k++) r = sieve(10000000)); check(r == 664579); }
    else if (IS("words")) { s = text(5000000, &l); TIMED(r = words(s, l)); check(r == 4594700356); }
    else if (IS("quicksort")) {
        i64 n = 2000000, x = 12345, *q = malloc(n * 8);
        for (i64 i = 0; i < n; i++) { x = (x * 1103515245 + 12345) % 2147483648; q[i] = x; }
        TIMED(quicksort(q, 0, n - 1)); for (i64 i = 1; i < n; i++) check(q[i - 1] <= q[i]);
    } else if (IS("strings")) { TIMED(r = build(3000000)); check(r == 683884); }
    else return 2;
    printf("time %lld\n", (long long)t);
}
