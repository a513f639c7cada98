// SPDX-License-Identifier: Apache-2.0
// A function compiled several times, for the vector instructions of several generations of processors.
#pragma once

/// In front of the definition of a function that computes long: it is compiled for any x86-64, for AVX2 and for AVX-512, and the widest
/// that the processor has is taken when the program is loaded. All give the same bits, provided that the file is compiled with
/// -ffp-contract=off, since wider instructions alone change neither the order nor the precision of operations. Functions that are inlined
/// into it are compiled with it. Other compilers and processors have the one version, and so have the sanitizers, whose start-up comes
/// too late for the choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NIBBLE_VECTOR_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define NIBBLE_VECTOR_CLONES
#endif
