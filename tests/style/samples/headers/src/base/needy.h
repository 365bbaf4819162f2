/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

uint8_t needy(void);
