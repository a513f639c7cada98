// SPDX-License-Identifier: Apache-2.0
// What the shared libraries of nibble show. They are compiled with hidden visibility: only what is marked here can be called, caught or
// derived from in another library or program.
#pragma once

/// Stands in front of a function, or between `class` and its name.
#define NIBBLE_EXPORT __attribute__((visibility("default")))
