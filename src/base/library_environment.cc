// SPDX-License-Identifier: Apache-2.0
#include "base/library_environment.h"

#include <cstdlib>

namespace nibble {
namespace {

std::string core_type_here() {
#ifdef __x86_64__
  __builtin_cpu_init();
  const auto has = [](int supported) { return supported != 0; };
  return openblas_core_type(has(__builtin_cpu_supports("avx2")) && has(__builtin_cpu_supports("fma")),
                            has(__builtin_cpu_supports("avx512f")) && has(__builtin_cpu_supports("avx512cd")) &&
                                has(__builtin_cpu_supports("avx512bw")) && has(__builtin_cpu_supports("avx512dq")) &&
                                has(__builtin_cpu_supports("avx512vl")));
#else
  return "";
#endif
}

}  // namespace

std::string openblas_core_type(bool has_avx2_and_fma, bool has_avx512) {
  if (has_avx512) return "SkylakeX";
  return has_avx2_and_fma ? "Haswell" : "";
}

void LibraryEnvironment::set(const char* variable, const std::string& value) {
  if (!std::getenv(variable) && ::setenv(variable, value.c_str(), 0) == 0) set_.push_back(variable);
}

LibraryEnvironment::LibraryEnvironment() {
  constexpr const char* kSpins = "2000";  // about a tenth of a millisecond
  if (const std::string core_type = core_type_here(); !core_type.empty()) set("OPENBLAS_CORETYPE", core_type);
  if (!std::getenv("OMP_WAIT_POLICY")) set("GOMP_SPINCOUNT", kSpins);
}

LibraryEnvironment::~LibraryEnvironment() {
  for (const char* variable : set_) ::unsetenv(variable);
}

}  // namespace nibble
