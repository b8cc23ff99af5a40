/* Latencies in buckets that grow with the value: 64 to each doubling, so a percentile is right within 1.6 %. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SUB_BITS = 6, SUB_BUCKETS = 1 << SUB_BITS, BUCKETS = 64 * SUB_BUCKETS };

struct histogram {
    uint64_t counts[BUCKETS];
    uint64_t total, max;
};

static inline void histogram_add(struct histogram *histogram, uint64_t nanoseconds) {
    uint64_t value = nanoseconds / 1000;
    int shift = 63 - __builtin_clzll(value | SUB_BUCKETS) - SUB_BITS;
    histogram->counts[shift * SUB_BUCKETS + (value >> shift)]++;
    histogram->total++;
    if (nanoseconds > histogram->max) histogram->max = nanoseconds;
}

/* The latency in milliseconds that the given share of all values does not exceed. */
static inline double histogram_at(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), seen = 0;
    for (uint64_t bucket = 0; bucket < BUCKETS; bucket++) {
        seen += histogram->counts[bucket];
        if (seen <= wanted) continue;
        uint64_t shift = bucket < 2 * SUB_BUCKETS ? 0 : bucket / SUB_BUCKETS - 1;
        return (double)((bucket - shift * SUB_BUCKETS) << shift) / 1e3;
    }
    return (double)histogram->max / 1e6;
}

static inline void histogram_print(const char *name, const struct histogram *histogram) {
    printf("\"%s\":{\"count\":%lu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}", name,
           (unsigned long)histogram->total, histogram_at(histogram, 0.5), histogram_at(histogram, 0.9),
           histogram_at(histogram, 0.99), histogram_at(histogram, 0.999), (double)histogram->max / 1e6);
}

#endif
