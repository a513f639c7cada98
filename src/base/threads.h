// SPDX-License-Identifier: Apache-2.0
// How many threads a part of the program uses.
#pragma once

namespace nibble {

/// The number of threads to use: `asked`, or where that is 0 or less the number of cores that this process may use; at least 1.
int thread_count(int asked);

}  // namespace nibble
