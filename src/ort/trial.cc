// SPDX-License-Identifier: Apache-2.0
#include "ort/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/child_trial.h"
#include "base/known_files.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/size_text.h"
#include "base/threads.h"
#include "nibble/error.h"
#include "ort/library.h"

namespace nibble {
namespace {

// A thread that does not exist in a child cannot let go of what it locked, and ThreadSanitizer ends a child that starts threads.
#if defined(__SANITIZE_THREAD__)
constexpr bool kCanFork = false;
#else
constexpr bool kCanFork = true;
#endif

constexpr std::int64_t kPerFileByte = 8;          // parsed, as initialisers, and packed for the kernels
constexpr std::int64_t kPerInputByte = 64;        // the largest layers of a YOLO hold 6 times its input, and several live at once
constexpr std::int64_t kPerThread = 128 << 20;    // its stack, and what the C library sets aside for its allocations
constexpr std::int64_t kUnknownFile = 256 << 20;  // where the system does not tell the size

std::shared_mutex& loading() {
  static std::shared_mutex mutex;
  return mutex;
}

/// In a child the lock is held by a thread of the parent, for ever, and there is nobody to wait for.
bool is_child = false;

std::int64_t size_of(const ModelSource& model) {
  if (model.bytes) return static_cast<std::int64_t>(model.bytes->size());
  std::error_code error;
  const auto bytes = std::filesystem::file_size(model.path, error);
  return error ? kUnknownFile : static_cast<std::int64_t>(bytes);
}

/// What the runtime does with a file before it runs it: folding, fusing and packing follow from these. Bytes made from the file (with more
/// outputs) are a use of their own.
std::string use_of(const ModelSource& model, const SessionOptions& options) {
  std::string use = fmt::format("{} {}", model.bytes ? "bytes" : "file", options.optimize ? name_of(options.highest) : "off");
  for (const auto& [key, value] : options.config) use += fmt::format(" {}={}", key, value);
  return use;
}

[[noreturn]] void refuse(const ModelSource& model, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("ONNX Runtime: {}: {}", model.path.string(), why));
}

void settle(const Trial& trial, const ModelSource& model, const Limits& limits) {
  const auto* const doing = trial.step == "run" ? "running" : "loading";
  switch (trial.outcome) {
    case TrialOutcome::done:
    case TrialOutcome::threw: return;  // a refusal comes again where it is reported, and is harmless
    case TrialOutcome::crashed:
      refuse(model,
             fmt::format("ONNX Runtime crashed while {} it, in a child process ({}); the file is damaged or hostile", doing, trial.words));
    case TrialOutcome::timed_out:
      refuse(model, fmt::format("{} it did not end within {} s in a child process; if you trust the file, allow more with --load-seconds N",
                                doing, limits.load_seconds));
    case TrialOutcome::no_memory:
      refuse(model, fmt::format("{} it takes more than the {} that a file may; if you trust the file, allow more with --load-memory GIB",
                                doing, size_text(limits.load_memory_bytes)));
    case TrialOutcome::no_child:
      log(LogLevel::warning, fmt::format("ONNX Runtime: {}: is loaded without a trial, for no child process can be made: {}",
                                         model.path.string(), trial.words));
  }
}

}  // namespace

void allow_memory_of(const std::vector<Tensor>& inputs) {
  std::size_t bytes = 0;
  for (const auto& input : inputs) bytes += input.bytes().size();
  allow_more_memory(kPerInputByte * static_cast<std::int64_t>(bytes));
}

void try_before_load(const ModelSource& model, const SessionOptions& options,
                     const std::function<void(const SessionOptions&, const StepListener&)>& try_out) {
  const auto limits = chosen_limits();
  if (!kCanFork || limits.load_seconds <= 0 || is_known_use(model.path, use_of(model, options))) return;
  ort_environment();  // before the fork: the child shares it
  auto alone = options;
  alone.provider = Provider::cpu;
  alone.profile.clear();
  const auto bytes = limits.load_memory_bytes + kPerFileByte * size_of(model) + kPerThread * thread_count(options.threads);
  const std::unique_lock lock(loading());
  const auto trial = try_in_child({limits.load_seconds, bytes}, [&](const StepListener& next) {
    is_child = true;
    auto trusting = limits;
    trusting.load_seconds = 0;
    set_limits(trusting);
    try_out(alone, next);
  });
  settle(trial, model, limits);
  remember_known_use(model.path, use_of(model, options));
}

std::shared_lock<std::shared_mutex> load_lock() { return is_child ? std::shared_lock<std::shared_mutex>() : std::shared_lock(loading()); }

}  // namespace nibble
