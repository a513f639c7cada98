// SPDX-License-Identifier: Apache-2.0
// The memory of LibTorch's large tensors on the CPU. The allocator of the C library either asks the kernel for fresh, cleared pages for
// each of them, or keeps them among small pieces, where those that stay pin what lies between them: gigabytes in a bad case.
#pragma once

namespace nibble {

/// From now on the pages of a freed tensor of a megabyte or more are kept for the next one of about its size, up to 256 MB in all. A
/// second call does nothing, and so does the first one under AddressSanitizer, which has to see each tensor freed. Thread-safe.
void reuse_tensor_memory();

/// Gives what is kept back to the system, with what the C library keeps in small pieces. Thread-safe.
void return_freed_memory();

}  // namespace nibble
