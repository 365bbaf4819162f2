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
