// SPDX-License-Identifier: Apache-2.0
// What the libraries behind LibTorch and OpenCV read from the environment when they are loaded, set so that they compute fast here.
#pragma once
#include <string>
#include <vector>

namespace nibble {

/// While an object of this class lives, these variables are set; one that the user set stays as it is. Other threads must not read or
/// change the environment meanwhile: a program with threads that do sets both variables itself before it starts them.
///
/// OPENBLAS_CORETYPE, on x86-64: OpenBLAS chooses its kernels once, from a table of processor models, and takes those for SSE3 where a
/// processor is newer than the table: matrix products then run at a fifth of their speed. The variable names the kernels by what the
/// processor can do.
///
/// GOMP_SPINCOUNT, unless OMP_WAIT_POLICY is set: threads of GNU OpenMP wait for each other in a loop for milliseconds before they sleep.
/// On a processor that other programs use too, they keep it from those that they wait for: a calibration took five times as long as
/// with the short wait that is set here.
class LibraryEnvironment {
 public:
  LibraryEnvironment();
  ~LibraryEnvironment();
  LibraryEnvironment(const LibraryEnvironment&) = delete;
  LibraryEnvironment& operator=(const LibraryEnvironment&) = delete;

 private:
  void set(const char* variable, const std::string& value);

  std::vector<const char*> set_;
};

/// OpenBLAS' name of the kernels for processors with these instructions (`avx512`: the sets F, CD, BW, DQ and VL), empty where its own
/// choice is to stand.
std::string openblas_core_type(bool has_avx2_and_fma, bool has_avx512);

}  // namespace nibble
