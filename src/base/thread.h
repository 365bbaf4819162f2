/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a thread stands to the others of the process when there are fewer processors than threads
 * that could run. Wishes to the scheduler: where it does not know them, nothing changes.
 */

/* For who answers questions: short turns, so that it is on in a moment when octets come for it
 * (sched_setattr(2), sched_runtime; Linux 6.12 and later). */
void thread_be_prompt(void);

/* For who works behind the answers, in larger pieces: a committer, a builder of tables, a client
 * that uploads much. It steps back for who answers, and still gets its share of a processor that is
 * fully taken (nice), in turns as short. */
void thread_be_patient(void);
