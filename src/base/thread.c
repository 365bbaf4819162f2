/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Measured by `bench/run mixed`, where a node and a batch's client share one processor. A worker
 * that needs more than its fair share of it waits until the others had theirs, however short its
 * turns are: so those who are patient weigh little. Their turns are as short as its own, so that
 * who weighs little is not kept waiting for long, and nobody waits for them for long. */
enum {
	PATIENT_NICE = 10, /* A tenth of the weight of a thread that is not nice. */
	SLICE_NS = 100000, /* The shortest that the kernel takes. */
	NICE_MAX = 19,
};

/* As in sched_setattr(2), its first version; the C library has no name for it. */
struct schedule {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t slice_ns; /* sched_runtime. */
	uint64_t deadline_ns;
	uint64_t period_ns;
};

static int
nice_now(void)
{
	return getpriority(PRIO_PROCESS, (id_t)gettid());
}

void
thread_be_prompt(void)
{
	struct schedule wish = {.size = sizeof(wish),
		.policy = SCHED_OTHER,
		.nice = nice_now(),
		.slice_ns = SLICE_NS};

	(void)syscall(SYS_sched_setattr, 0, &wish, 0);
}

void
thread_be_patient(void)
{
	int nice = nice_now() + PATIENT_NICE;

	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), nice < NICE_MAX ? nice : NICE_MAX);
	thread_be_prompt();
}
