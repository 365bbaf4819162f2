/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

enum status
service_access_make(const struct access_challenge_limits *challenges,
	const struct access_session_limits *sessions, struct service_access *ret_access)
{
	struct service_access access = {
		.challenges = access_challenges_new(challenges),
		.sessions = access_sessions_new(sessions),
		.guesses = access_guesses_new(),
	};

	if (access.challenges == NULL || access.sessions == NULL || access.guesses == NULL) {
		service_access_free(&access);
		return STATUS_NO_MEMORY;
	}
	*ret_access = access;
	return STATUS_OK;
}

void
service_access_free(struct service_access *access)
{
	access_challenges_free(access->challenges);
	access_sessions_free(access->sessions);
	access_guesses_free(access->guesses);
	*access = (struct service_access){NULL, NULL, NULL};
}

void
service_access_sweep(struct service_access *access, int64_t now_ms)
{
	access_challenges_sweep(access->challenges, now_ms);
	access_sessions_sweep(access->sessions, now_ms);
}
