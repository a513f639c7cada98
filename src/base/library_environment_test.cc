// SPDX-License-Identifier: Apache-2.0
#include "base/library_environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace nibble {
namespace {

TEST(LibraryEnvironment, KernelsAreNamedByTheInstructionsOfTheProcessor) {
  EXPECT_EQ(openblas_core_type(true, true), "SkylakeX");
  EXPECT_EQ(openblas_core_type(true, false), "Haswell");
  EXPECT_EQ(openblas_core_type(false, false), "");
}

TEST(LibraryEnvironment, IsAsItWasAfterwards) {
  for (const char* variable : {"OPENBLAS_CORETYPE", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}) ::unsetenv(variable);
  {
    const LibraryEnvironment environment;
    EXPECT_STREQ(std::getenv("GOMP_SPINCOUNT"), "2000");
  }
  EXPECT_EQ(std::getenv("OPENBLAS_CORETYPE"), nullptr);
  EXPECT_EQ(std::getenv("GOMP_SPINCOUNT"), nullptr);
}

TEST(LibraryEnvironment, KeepsWhatTheUserChose) {
  ::unsetenv("GOMP_SPINCOUNT");
  ::setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
  ::setenv("OMP_WAIT_POLICY", "active", 1);
  {
    const LibraryEnvironment environment;
    EXPECT_STREQ(std::getenv("OPENBLAS_CORETYPE"), "Nehalem");
    EXPECT_EQ(std::getenv("GOMP_SPINCOUNT"), nullptr);
  }
  EXPECT_STREQ(std::getenv("OPENBLAS_CORETYPE"), "Nehalem");
  ::unsetenv("OPENBLAS_CORETYPE");
  ::unsetenv("OMP_WAIT_POLICY");
}

}  // namespace
}  // namespace nibble
