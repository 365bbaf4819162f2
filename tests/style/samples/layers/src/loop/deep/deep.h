/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "loop/high/high.h"
#include "loop/deep/other.h"
#include "loop/loop.h"
