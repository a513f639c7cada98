// SPDX-License-Identifier: Apache-2.0
// A pickled torch.nn.Module seen with types: children, attributes and tensors by name, errors with file, module path
// and class. Nothing of PyTorch is needed: a module's state is a dict with `_modules`, `_parameters` and `_buffers`.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckpt/checkpoint.h"
#include "graph/op.h"
#include "nibble/error.h"

namespace nibble {

class Module {
 public:
  /// `path` is how messages and nodes name it: "model.4.m.0". Error(input) if `object` is not an instance of a class. What torch.compile
  /// made of a module is that module.
  Module(const Checkpoint& checkpoint, std::string path, PickleRef object);

  const std::string& path() const { return path_; }
  /// "ultralytics.nn.modules.block.C2f"
  std::string class_name() const;
  /// "C2f"
  const std::string& short_class() const;
  /// Package and class without the modules between, which differ from release to release: "ultralytics.C2f".
  std::string class_key() const;

  /// Direct children in the order they were registered.
  std::vector<Module> children() const;
  /// Error(input) if there is none.
  Module child(std::string_view name) const;
  std::optional<Module> find_child(std::string_view name) const;

  /// The attribute as it was pickled; null where it is absent or None.
  PickleRef find(std::string_view name) const;
  /// Error(input) where absent or of another type.
  std::int64_t integer(std::string_view name) const;
  /// The same. Error(input) outside low..high: numbers that are computed with or counted to come from a file of unknown origin.
  std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high) const;
  bool boolean_or(std::string_view name, bool fallback) const;
  double real(std::string_view name) const;                         ///< integers convert
  op::Pair pair(std::string_view name) const;                       ///< an int stands for both; 0 to 4096, as windows have
  std::vector<std::int64_t> integers(std::string_view name) const;  ///< an int is a list of one

  /// A parameter, buffer or tensor attribute, read from the file as f32; absent or None: nothing. Where torch.nn.utils.prune has a
  /// mask on it, original times mask, as its forward computes it: the attribute of that name may be stale. Error(unsupported) where
  /// it is computed otherwise (parametrize, weight_norm, spectral_norm).
  std::optional<Tensor> find_tensor(std::string_view name) const;
  /// The same. Error(input) where absent or of another shape, Error(numeric) with number and first index where NaN or infinite.
  Tensor tensor(std::string_view name, const Shape& shape) const;
  /// Parameters of this module and all below it, unread.
  std::vector<const PickleTensor*> parameters() const;

  /// Throws "checkpoint: <file>: <path> (<class>): <why>".
  [[noreturn]] void fail(ErrorKind kind, const std::string& why) const;

 private:
  Module(const Module& parent, std::string_view name, PickleRef object);
  std::optional<Tensor> find_stored(std::string_view name) const;
  Tensor masked(std::string_view name, const Tensor& original, const Tensor& mask) const;
  void refuse_computed(std::string_view name) const;
  PickleRef find_in(std::string_view table, std::string_view name) const;
  PickleRef require(std::string_view name) const;

  const Checkpoint* checkpoint_;
  std::string path_;
  PickleRef object_;
  int depth_ = 0;                        ///< modules above it: a module of a hostile file may be its own child
  std::shared_ptr<std::int64_t> views_;  ///< made so far of one model: a hostile file may nest one module 2^40 times
};

/// The module that torch.compile was called with, where `object` is what it returned; else `object`. Null where it holds no module.
PickleRef without_compilation(PickleRef object);

/// A pickled value as Python would print it, strings without quotes: "[-1, 3, C2f, [128, True]]". Cut after 200 characters
/// ("..."): lists that share members can be small in the file and endless in print.
std::string python_text(const PickleRef& value);

}  // namespace nibble
