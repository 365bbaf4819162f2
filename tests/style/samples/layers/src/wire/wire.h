/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* #include "loop/loop.h" in a comment is no include, nor is sendmmsg() a call. */
#include "crypto/crypto.h"
#include "base/base.h"
#include "wire/other.h"
