// SPDX-License-Identifier: Apache-2.0
// Where a runtime's optimisations first move a quantised activation by more than the one step that rounding explains.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nibble/options.h"
#include "nibble/report.h"

namespace nibble {

/// Differences between the codes of two executions, quantiser by quantiser.
class StepMeter {
 public:
  /// In the graph's order.
  explicit StepMeter(const std::vector<std::string>& quantizers);
  /// One input: a tensor of integers (i8, u8, i16) for each quantiser. Error(internal) when shapes differ.
  void add(const std::vector<Tensor>& reference, const std::vector<Tensor>& other);
  /// Everything but same_outputs and first_is_exact.
  QuantizerSteps result() const;

 private:
  struct Row {
    std::string name;
    std::int64_t codes = 0, far = 0, largest = 0;  ///< far: more than one step off
  };
  std::vector<Row> rows_;
};

/// `inputs`: f32 [B,3,S,S] as the file takes them. Where the copy that gives all codes out answers otherwise than the file,
/// one that ends at the quantiser in question is tried too.
QuantizerSteps check_steps(const std::filesystem::path& model, const std::vector<Tensor>& inputs, const RuntimeOptions& runtime);

}  // namespace nibble
