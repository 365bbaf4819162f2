/* SPDX-License-Identifier: Apache-2.0 */
int
good(void)
{
	return 1;
}
