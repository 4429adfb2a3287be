/*
 * Another framework on the same network, as a child process that answers one line for each line asked:
 *
 *     peer_torch.py THREADS DATA_DIR     (on start) "ready torch 1.13.0", or "missing <why>" and the end
 *     infer fp32 128                     "0.0000238": median seconds per image of a few samples, after warming up
 *     train fp32 128                     the same for training steps
 *     infer fp16 128                     "error <why>" where it cannot
 *
 * The child ends when its standard input does.
 */
#ifndef EO_TESTS_PERF_PEER_H
#define EO_TESTS_PERF_PEER_H

#include <sys/types.h>

struct perf_peer {
    const char *name; /* "torch", "onnxruntime" */
    const char *script;
    int threads;
    pid_t pid; /* 0: not running */
    int to, from;
    char version[64];  /* "torch 1.13.0" */
    char missing[160]; /* why it is not running */
};

/*
 * Starts peer->script with the first of `python3` and `/usr/bin/python3` under which it says "ready"; with one thread
 * on the processor of perf_pin(). name, script and threads are set. What goes wrong ends up in `missing`.
 */
void perf_peer_start(struct perf_peer *peer, const char *data);

/* Seconds per image, or a negative number and in `why` the reason. */
double perf_peer_ask(struct perf_peer *peer, const char *question, char *why, int why_size);

/* Waits for its end. Harmless when it is not running. */
void perf_peer_stop(struct perf_peer *peer);

#endif
