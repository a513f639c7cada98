// SPDX-License-Identifier: Apache-2.0
// How many threads a part of the program uses.
#pragma once

namespace nibble {

/// `asked`, or the cores this process may use where it is 0 or less; at least 1.
int thread_count(int asked);

}  // namespace nibble
