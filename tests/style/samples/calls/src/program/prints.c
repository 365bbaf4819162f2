/* SPDX-License-Identifier: Apache-2.0 */
int
main(void)
{
	printf("people are told here\n");
	sprintf(text, "but not like this");
}
