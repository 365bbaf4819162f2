/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"
#include <openssl/evp.h>
#include "same.h"
#include "nowhere/thing.h"

int
handle_send(int socket)
{
	return sendmmsg(socket, 0, 0, 0);
}
