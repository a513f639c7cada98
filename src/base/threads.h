// SPDX-License-Identifier: Apache-2.0
// How many threads a part of the program uses, and whether it may have them.
#pragma once

namespace nibble {

/// The number of threads to use: `asked`, or where that is 0 or less the number of cores that this process may use; at least 1.
int thread_count(int asked);

/// Error(environment) where the system does not let this process have so many threads at once (ulimit -u, a container's pids.max). Pools of
/// libraries that find out when they are half made wait for ever, or end the process.
void require_threads(int count);

}  // namespace nibble
