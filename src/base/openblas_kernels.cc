// SPDX-License-Identifier: Apache-2.0
#include "base/openblas_kernels.h"

#include <cstdlib>

namespace nibble {
namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

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

OpenBlasKernels::OpenBlasKernels() {
  const std::string core_type = core_type_here();
  if (!core_type.empty() && !std::getenv(kVariable)) is_set_ = ::setenv(kVariable, core_type.c_str(), 0) == 0;
}

OpenBlasKernels::~OpenBlasKernels() {
  if (is_set_) ::unsetenv(kVariable);
}

}  // namespace nibble
