/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"

#include "handle/handle_name.h"

bool
access_reference_matches(
	const struct access_identity *reference, const struct access_identity *identity)
{
	bool is_index = reference->index == identity->index || reference->index == 0 ||
		identity->index == 0;

	return is_index && access_identity_is_known(identity) &&
		handle_name_equal(reference->name, identity->name);
}

enum status
access_look_up(const struct access_reach *reach, struct bytes name, struct access_budget *budget,
	struct record *ret_record)
{
	enum status status = reach->lookup(reach->context, name, ret_record);

	if (status != STATUS_NOT_RESPONSIBLE || reach->remote == NULL) {
		return status;
	}
	if (budget->remotes == 0) {
		budget->is_spent = true;
		return status;
	}
	budget->remotes--;
	return reach->remote(reach->context, name, ret_record);
}
