/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

uint8_t alone(void);
