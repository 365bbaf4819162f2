/* SPDX-License-Identifier: Apache-2.0 */
int bad(void)
{
  return 1;
}
