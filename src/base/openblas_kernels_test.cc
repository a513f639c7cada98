// SPDX-License-Identifier: Apache-2.0
#include "base/openblas_kernels.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace nibble {
namespace {

TEST(OpenBlasKernels, AreNamedByTheInstructionsOfTheProcessor) {
  EXPECT_EQ(openblas_core_type(true, true), "SkylakeX");
  EXPECT_EQ(openblas_core_type(true, false), "Haswell");
  EXPECT_EQ(openblas_core_type(false, false), "");
}

TEST(OpenBlasKernels, LeaveTheEnvironmentAsItWas) {
  ::unsetenv("OPENBLAS_CORETYPE");
  { const OpenBlasKernels kernels; }
  EXPECT_EQ(std::getenv("OPENBLAS_CORETYPE"), nullptr);
}

TEST(OpenBlasKernels, KeepWhatTheUserChose) {
  ::setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
  {
    const OpenBlasKernels kernels;
    EXPECT_STREQ(std::getenv("OPENBLAS_CORETYPE"), "Nehalem");
  }
  EXPECT_STREQ(std::getenv("OPENBLAS_CORETYPE"), "Nehalem");
  ::unsetenv("OPENBLAS_CORETYPE");
}

}  // namespace
}  // namespace nibble
