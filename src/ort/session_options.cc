// SPDX-License-Identifier: Apache-2.0
#include "ort/session_options.h"

#include <fmt/format.h>
#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string_view>

#include "base/log.h"
#include "base/threads.h"
#include "nibble/error.h"
#include "ort/library.h"

namespace nibble {
namespace {

constexpr const char* kCudaAdvice =
    "install the wheel onnxruntime-gpu for the CUDA that is there (1.26.0: CUDA 12, 1.31.1: CUDA 13; both with cuDNN 9) and set "
    "NIBBLE_ONNXRUNTIME to its capi/libonnxruntime.so, with the CUDA libraries on LD_LIBRARY_PATH, or use --provider cpu";

void require_cuda() {
  const auto providers = onnx_runtime_info().providers;
  if (std::find(providers.begin(), providers.end(), "CUDAExecutionProvider") == providers.end())
    throw Error(ErrorKind::environment,
                fmt::format("ONNX Runtime: {}: the CUDA provider is not compiled in; {}", ort_library().path.string(), kCudaAdvice));
}

/// TF32 keeps 10 bits of each factor: faster, and no longer the FP32 the scores are stated for.
void append_cuda_in_fp32(Ort::SessionOptions& options) {
  const OrtApi& api = Ort::GetApi();
  OrtCUDAProviderOptionsV2* raw = nullptr;
  Ort::ThrowOnError(api.CreateCUDAProviderOptions(&raw));
  const std::unique_ptr<OrtCUDAProviderOptionsV2, decltype(api.ReleaseCUDAProviderOptions)> cuda(raw, api.ReleaseCUDAProviderOptions);
  constexpr std::array<const char*, 2> kKeys{"device_id", "use_tf32"};
  constexpr std::array<const char*, 2> kValues{"0", "0"};
  Ort::ThrowOnError(api.UpdateCUDAProviderOptions(cuda.get(), kKeys.data(), kValues.data(), kKeys.size()));
  options.AppendExecutionProvider_CUDA_V2(*cuda);
}

/// The provider's library, and with it the driver's, is loaded by the first of these calls.
void append_cuda(Ort::SessionOptions& options) {
  require_cuda();
  try {
    append_cuda_in_fp32(options);
  } catch (const Ort::Exception& error) {
    throw Error(ErrorKind::environment, fmt::format("ONNX Runtime: the CUDA provider does not load: {}; {}", error.what(), kCudaAdvice));
  }
}

/// What the runtime's header names; a newer library may know more.
const std::array kKnownKeys = {
    kOrtSessionOptionsConfigDisablePrepacking,
    kOrtSessionOptionsConfigUseEnvAllocators,
    kOrtSessionOptionsConfigLoadModelFormat,
    kOrtSessionOptionsConfigSaveModelFormat,
    kOrtSessionOptionsConfigSetDenormalAsZero,
    kOrtSessionOptionsDisableQuantQDQ,
    kOrtSessionOptionsDisableDoubleQDQRemover,
    kOrtSessionOptionsEnableQuantQDQCleanup,
    kOrtSessionOptionsEnableGeluApproximation,
    kOrtSessionOptionsDisableAheadOfTimeFunctionInlining,
    kOrtSessionOptionsDisableSpecifiedOptimizers,
    kOrtSessionOptionsUseDeviceAllocatorForInitializers,
    kOrtSessionOptionsConfigAllowInterOpSpinning,
    kOrtSessionOptionsConfigAllowIntraOpSpinning,
    kOrtSessionOptionsConfigUseORTModelBytesDirectly,
    kOrtSessionOptionsConfigUseORTModelBytesForInitializers,
    kOrtSessionOptionsQDQIsInt8Allowed,
    kOrtSessionOptionsAvx2PrecisionMode,
    kOrtSessionOptionsConfigMinimalBuildOptimizations,
    kOrtSessionOptionsConfigNnapiEpPartitioningStopOps,
    kOrtSessionOptionsConfigDynamicBlockBase,
    kOrtSessionOptionsConfigForceSpinningStop,
    kOrtSessionOptionsConfigStrictShapeTypeInference,
    kOrtSessionOptionsConfigStrictAllowReleasedOpsetsOnly,
    kOrtSessionOptionsConfigIntraOpThreadAffinities,
    kOrtSessionOptionsDisableCPUEPFallback,
    kOrtSessionOptionsOptimizedModelExternalInitializersFileName,
    kOrtSessionOptionsOptimizedModelExternalInitializersMinSizeInBytes,
    kOrtSessionOptionsModelExternalInitializersFileFolderPath,
    kOrtSessionOptionsSavePrePackedConstantInitializers,
    kOrtSessionOptionsCollectNodeMemoryStatsToFile,
    kOrtSessionOptionsResourceCudaPartitioningSettings,
    kOrtSessionOptionEpContextEnable,
    kOrtSessionOptionEpContextFilePath,
    kOrtSessionOptionEpContextEmbedMode,
    kOrtSessionOptionEpContextNodeNamePrefix,
    kOrtSessionOptionShareEpContexts,
    kOrtSessionOptionsEpContextModelExternalInitializersFileName,
    kOrtSessionOptionsMlasGemmFastMathArm64Bfloat16,
    kOrtSessionOptionsQDQMatMulNBitsAccuracyLevel,
};

/// The runtime takes any key and ignores what it does not know.
void warn_of_unknown(const std::string& key) {
  static std::set<std::string> warned;
  if (std::find(kKnownKeys.begin(), kKnownKeys.end(), std::string_view(key)) != kKnownKeys.end() || !warned.insert(key).second) return;
  log(LogLevel::warning,
      fmt::format("session option '{}': not among those of ONNX Runtime's header; it is ignored unless this library, {}, "
                  "knows it; check the spelling",
                  key, onnx_runtime_info().version));
}

void add_config(Ort::SessionOptions& made, const std::map<std::string, std::string>& config) {
  for (const auto& [key, value] : config) {
    warn_of_unknown(key);
    try {
      made.AddConfigEntry(key.c_str(), value.c_str());
    } catch (const Ort::Exception& error) {
      throw Error(ErrorKind::usage, fmt::format("session option '{}': refused by ONNX Runtime: {}; correct it", key, error.what()));
    }
  }
}

void ORT_API_CALL keep_line(void* lines, OrtLoggingLevel, const char*, const char*, const char*, const char* message) {
  static_cast<LogLines*>(lines)->emplace_back(message);
}

GraphOptimizationLevel level_of(Optimization level) {
  switch (level) {
    case Optimization::off: return ORT_DISABLE_ALL;
    case Optimization::basic: return ORT_ENABLE_BASIC;
    case Optimization::extended: return ORT_ENABLE_EXTENDED;
    case Optimization::all: break;
  }
  return ORT_ENABLE_ALL;
}

}  // namespace

Ort::SessionOptions make_session_options(const SessionOptions& options) {
  if (options.threads < 0)
    throw Error(ErrorKind::usage, fmt::format("ONNX Runtime: {} threads: use 0 (the cores) or more", options.threads));
  ort_environment();
  Ort::SessionOptions made;
  made.SetIntraOpNumThreads(thread_count(options.threads));
  made.SetInterOpNumThreads(1);
  made.SetGraphOptimizationLevel(options.optimize ? level_of(options.highest) : ORT_DISABLE_ALL);
  if (!options.profile.empty()) made.EnableProfiling(options.profile.c_str());
  // Idle workers that spin take the cores from the other engine of the process (LibTorch's OpenMP threads, image
  // decoding) between two runs.
  made.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning, "0");
  if (options.provider == Provider::cuda) {
    append_cuda(made);
    // Weights and biases become floats as the model loads; otherwise an INT32 bias in front of a quantiser would stay, which has no CUDA
    // kernel.
    made.AddConfigEntry(kOrtSessionOptionsDisableQuantQDQ, "1");
    if (!options.allow_cpu_fallback) {
      made.AddConfigEntry(kOrtSessionOptionsDisableCPUEPFallback, "1");
      made.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);  // the refusal comes as an exception
    }
  }
  add_config(made, options.config);
  return made;
}

void capture_log(Ort::SessionOptions& options, LogLines& lines) {
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_VERBOSE);
  Ort::ThrowOnError(Ort::GetApi().SetUserLoggingFunction(options, keep_line, &lines));
}

std::vector<std::string> nodes_placed_on(std::string_view provider, const LogLines& lines) {
  const auto here = fmt::format("placed on [{}]", provider);
  std::vector<std::string> nodes;
  bool inside = false;
  for (const auto& line : lines) {
    const auto start = line.find_first_not_of(' ');
    if (line.find("placed on [") != std::string::npos) {
      inside = line.find(here) != std::string::npos;
    } else if (inside && start != std::string::npos && line.back() == ')' && line.find(" (") != std::string::npos) {
      nodes.push_back(line.substr(start));
    } else {
      inside = false;
    }
  }
  return nodes;
}

}  // namespace nibble
