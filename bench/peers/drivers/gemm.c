// gemm LIBRARY PATH FORM M K N THREADS SECONDS NAME: times single-precision matrix products of one shape and prints one
// line of the Go benchmark format, under NAME.
//
// LIBRARY is onednn (dnnl_sgemm) or cblas (cblas_sgemm of OpenBLAS or BLIS); PATH is the shared library to load. FORM is
// nn, C = A·B; nt, C = A·B^T; or tn, C = A^T·B, all row-major, C [M,N], overwritten. The number of threads must also stand
// in the environment (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS), where the libraries look. The result is checked on
// 1000 elements against float64 before it is timed.
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*dnnl_sgemm_t)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                            float, float *, int64_t);
typedef void (*cblas_sgemm_t)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *,
                              int);
enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 }; // cblas.h

static dnnl_sgemm_t dnnl_sgemm;
static cblas_sgemm_t cblas_sgemm;
static int m, k, n, a_transposed, b_transposed;
static float *a, *b, *c;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "gemm: %s: %s\n", what, why);
  exit(1);
}

static void product(void) {
  int lda = a_transposed ? m : k, ldb = b_transposed ? k : n;
  if (dnnl_sgemm) {
    if (dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', m, n, k, 1, a, lda, b, ldb, 0, c, n))
      fail("dnnl_sgemm", "returned an error");
  } else {
    cblas_sgemm(ROW_MAJOR, a_transposed ? TRANS : NO_TRANS, b_transposed ? TRANS : NO_TRANS, m, n, k, 1, a, lda, b, ldb, 0,
                c, n);
  }
}

static float *matrix(size_t count) {
  void *p;
  if (posix_memalign(&p, 4096, count * sizeof(float))) fail("matrix", "out of memory");
  float *x = p;
  for (size_t i = 0; i < count; i++) x[i] = (float)rand() / (float)RAND_MAX - 0.5f;
  return x;
}

static void check(void) {
  for (int t = 0; t < 1000; t++) {
    int i = rand() % m, j = rand() % n;
    double want = 0, size = 0;
    for (int p = 0; p < k; p++) {
      double x = a_transposed ? a[(size_t)p * m + i] : a[(size_t)i * k + p];
      double y = b_transposed ? b[(size_t)j * k + p] : b[(size_t)p * n + j];
      want += x * y, size += fabs(x * y);
    }
    if (!(fabs(c[(size_t)i * n + j] - want) <= 1e-5 * size)) fail("product", "differs from float64");
  }
}

int main(int argc, char **argv) {
  if (argc != 10) fail("usage", "gemm LIBRARY PATH FORM M K N THREADS SECONDS NAME");
  const char *library = argv[1], *form = argv[3];
  m = atoi(argv[4]), k = atoi(argv[5]), n = atoi(argv[6]);
  int threads = atoi(argv[7]);
  double seconds = atof(argv[8]);
  if (m < 1 || k < 1 || n < 1 || threads < 1 || seconds <= 0) fail("sizes", "must be at least 1, and seconds above 0");
  if (strcmp(form, "nn") && strcmp(form, "nt") && strcmp(form, "tn")) fail(form, "the form is nn, nt or tn");
  a_transposed = form[0] == 't', b_transposed = form[1] == 't';

  void *handle = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
  if (!handle) fail(argv[2], dlerror());
  if (!strcmp(library, "onednn"))
    dnnl_sgemm = (dnnl_sgemm_t)dlsym(handle, "dnnl_sgemm");
  else if (!strcmp(library, "cblas"))
    cblas_sgemm = (cblas_sgemm_t)dlsym(handle, "cblas_sgemm");
  if (!dnnl_sgemm && !cblas_sgemm) fail(argv[2], "has no such product; LIBRARY is onednn or cblas");
  void (*set_threads)(int) = (void (*)(int))dlsym(handle, "openblas_set_num_threads");
  if (set_threads) set_threads(threads);

  a = matrix((size_t)m * k), b = matrix((size_t)k * n), c = matrix((size_t)m * n);
  product();
  check();
  for (double begin = now(); now() - begin < 0.02;) product(); // warm caches, threads awake

  long turns = 0;
  double begin = now(), end;
  do {
    product();
    turns++;
    end = now();
  } while (end - begin < seconds);
  double each = (end - begin) / turns;
  printf("Benchmark%s %ld %.0f ns/op %.2f GFLOP/s\n", argv[9], turns, each * 1e9, 2.0 * m * k * n / each / 1e9);
  return 0;
}
