/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

static const struct replay_subject *const subjects[] = {
	&subject_echo,
	&subject_client,
	&subject_native,
	&subject_resolver,
};

const struct replay_subject *
replay_subject_find(struct bytes name)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (bytes_equal(name, bytes_from_string(subjects[i]->name))) {
			return subjects[i];
		}
	}
	return NULL;
}
