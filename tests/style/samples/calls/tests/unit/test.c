/* SPDX-License-Identifier: Apache-2.0 */
int
main(void)
{
	printf("ok\n");
	return atoi("1");
}
