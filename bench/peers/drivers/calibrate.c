// calibrate SECONDS CPU...: the rate of fused multiply-adds in registers, on one thread bound to each CPU, all at once.
// Prints "MEAN BEST" in GFLOP/s of one core: the mean over SECONDS of the slowest thread, and the best millisecond of
// the thread whose best is lowest. MEAN below BEST means that something else takes these CPUs.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
typedef float vector __attribute__((vector_size(BYTES)));

enum { CHAINS = 12, TURNS = 20000, MAX_CPUS = 256 }; // 12 chains cover a latency of 4 to 6 cycles on two units

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#if defined(__aarch64__)
#define STEP(a) a = a * x + y; __asm__ volatile("" : "+w"(a));
#else
#define STEP(a) a = a * x + y; __asm__ volatile("" : "+x"(a));
#endif
#define EACH(DO) DO(a0) DO(a1) DO(a2) DO(a3) DO(a4) DO(a5) DO(a6) DO(a7) DO(a8) DO(a9) DO(a10) DO(a11)

// burst runs TURNS multiply-adds in each of CHAINS chains and returns their operations. Separate variables and the
// empty assembly keep each chain in a register of its own.
static double burst(void) {
  vector x, y, sum = {0};
  for (int lane = 0; lane < (int)(BYTES / sizeof(float)); lane++) x[lane] = 0.999f, y[lane] = 0.001f;
  vector a0 = x, a1 = x, a2 = x, a3 = x, a4 = x, a5 = x, a6 = x, a7 = x, a8 = x, a9 = x, a10 = x, a11 = x;
  for (int turn = 0; turn < TURNS; turn++) {
    EACH(STEP)
  }
#define ADD(a) sum += a;
  EACH(ADD)
  volatile float sink = sum[0];
  (void)sink;
  return 2.0 * CHAINS * TURNS * (BYTES / sizeof(float));
}

struct worker {
  int cpu;
  double mean, best; // GFLOP/s
};
static double seconds;
static pthread_barrier_t start;

static void *work(void *argument) {
  struct worker *w = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(w->cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set)) {
    perror("calibrate: sched_setaffinity");
    exit(1);
  }
  pthread_barrier_wait(&start);
  double begin = now(), end, done = 0;
  do {
    double t = now(), operations = burst();
    end = now();
    done += operations;
    double rate = operations / (end - t) / 1e9;
    if (rate > w->best) w->best = rate;
  } while (end - begin < seconds);
  w->mean = done / (end - begin) / 1e9;
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc - 2;
  if (threads < 1 || threads > MAX_CPUS || (seconds = atof(argv[1])) <= 0) {
    fprintf(stderr, "usage: calibrate SECONDS CPU...\n");
    return 2;
  }
  static struct worker workers[MAX_CPUS];
  pthread_t ids[MAX_CPUS];
  pthread_barrier_init(&start, NULL, threads);
  for (int i = 0; i < threads; i++) {
    workers[i].cpu = atoi(argv[2 + i]);
    if (pthread_create(&ids[i], NULL, work, &workers[i])) {
      fprintf(stderr, "calibrate: no thread for CPU %d\n", workers[i].cpu);
      return 1;
    }
  }
  double mean = 1e30, best = 1e30;
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
    if (workers[i].mean < mean) mean = workers[i].mean;
    if (workers[i].best < best) best = workers[i].best;
  }
  printf("%.2f %.2f\n", mean, best);
  return 0;
}
