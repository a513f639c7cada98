// SPDX-License-Identifier: Apache-2.0
// Makes OpenBLAS, which comes with LibTorch and OpenCV, use the vector instructions that the processor has.
#pragma once
#include <string>

namespace nibble {

/// OpenBLAS chooses its kernels once, when it is loaded, from a table of processor models, and takes those for SSE3 where a processor is
/// newer than the table: matrix products then run at a fifth of their speed. While an object of this class lives, OPENBLAS_CORETYPE names
/// the kernels by what the processor can do. A value that the user set stays, and so does OpenBLAS' choice on other processors than x86-64.
class OpenBlasKernels {
 public:
  OpenBlasKernels();
  ~OpenBlasKernels();
  OpenBlasKernels(const OpenBlasKernels&) = delete;
  OpenBlasKernels& operator=(const OpenBlasKernels&) = delete;

 private:
  bool is_set_ = false;
};

/// OpenBLAS' name of the kernels for processors with these instructions (`avx512`: the sets F, CD, BW, DQ and VL), empty where its own
/// choice is to stand.
std::string openblas_core_type(bool has_avx2_and_fma, bool has_avx512);

}  // namespace nibble
