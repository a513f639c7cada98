// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime checks a file as it loads it, but not against everything: a stride of 0 or a constant divided by 0 ends the process,
// constants that double forty times are folded until the memory is full, and a loop without end is run. So a file from elsewhere is tried
// in a child process first.
#pragma once
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "ort/session.h"

namespace nibble {

/// A file, or bytes that were made from it.
struct ModelSource {
  std::filesystem::path path;
  std::optional<std::string_view> bytes;
};

using StepListener = std::function<void(const std::string&)>;

/// Calls `try_out`, which opens the model as usual and runs it, in a child process within chosen_limits(), unless the file is known
/// (base/known_files.h) for this use: its level of optimisation, its session config entries, and whether it is loaded itself or in a copy.
/// It is known from then on, so that what this process loads is what the child loaded within its time. The child loads without a profile
/// and on the CPU: CUDA does not survive a fork. `try_out` says "run" through the listener once the model is loaded. Error(input) naming
/// the file and the limit. An exception is no finding: a refusal is harmless, and the caller meets it again. Without a child process the
/// file is loaded without a trial, and that is logged.
void try_before_load(const ModelSource& model, const SessionOptions& options,
                     const std::function<void(const SessionOptions&, const StepListener&)>& try_out);

/// In the child, before these inputs are run: they may take memory of their size.
void allow_memory_of(const std::vector<Tensor>& inputs);

/// Held while this process loads a model: no child is made meanwhile, for it would find what the runtime locks locked for ever.
std::shared_lock<std::shared_mutex> load_lock();

}  // namespace nibble
