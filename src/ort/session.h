// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime, loaded at run time: a file becomes a function from tensors to tensors.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"

namespace nibble {

enum class Provider { cpu, cuda };
/// Error(usage) listing the names.
Provider parse_provider(std::string_view name);
std::string_view name_of(Provider provider);

/// How far the runtime may change a graph. Each level includes those before it; `all` also changes the memory layout of tensors, on a CPU
/// around convolutions.
enum class Optimization { off, basic, extended, all };
std::string_view name_of(Optimization level);

struct SessionOptions {
  Provider provider = Provider::cpu;
  int threads = 0;                           ///< how many threads compute within one operator; 0 for as many as there are cores
  bool optimize = true;                      ///< false: graph optimisations are off, as for reference numbers
  Optimization highest = Optimization::all;  ///< the highest level of optimisation where `optimize` is true
  std::filesystem::path profile = {};        ///< prefix of the file that each node's time is recorded in; empty: nothing is recorded
  bool allow_cpu_fallback = false;           ///< with cuda: nodes without a CUDA kernel run on the CPU instead of being an error
  /// Session config entries by their keys (onnxruntime_session_options_config_keys.h), after those set here: they have the last word.
  /// A key that header does not name is warned of once; Error(usage) when the runtime refuses one.
  std::map<std::string, std::string> config = {};
};

struct TensorInfo {
  std::string name;
  DType dtype;
  Shape shape;  ///< -1: known at run time only
};

class Session {
 public:
  /// Error(environment) when the runtime or the provider is missing, with what was tried and how to get it;
  /// Error(input) naming the file when the runtime refuses the model.
  Session(const std::filesystem::path& model, const SessionOptions& options);
  /// A model in memory, made from the file `origin`: it is named in errors, and external data is looked for beside it.
  Session(std::string_view bytes, const std::filesystem::path& origin, const SessionOptions& options);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;
  /// The model's custom metadata (names, stride, imgsz, nibble.*).
  const std::map<std::string, std::string>& metadata() const;
  /// Providers in effect, "CPUExecutionProvider" last.
  const std::vector<std::string>& providers() const;

  /// Inputs in the model's order; f32 is converted where the model wants f16. Error(input) on wrong dtype or shape,
  /// Error(internal) with the runtime's words otherwise.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const;

  /// Ends the recording that SessionOptions::profile asked for and returns the file, which is in Chrome's trace format.
  std::filesystem::path end_profile();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct RuntimeInfo {
  std::string version;                 ///< "1.26.0"
  std::filesystem::path library;       ///< the file that was loaded
  std::vector<std::string> providers;  ///< those that were compiled into it
};
/// Looks, in this order, at $NIBBLE_ONNXRUNTIME (a file, then the only place), the folder of libnibble_base.so, the
/// compiled-in path (one in the source tree only while that library is in its build folder), the loader's. Error(environment) listing them
/// all.
RuntimeInfo onnx_runtime_info();

}  // namespace nibble
