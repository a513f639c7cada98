// SPDX-License-Identifier: Apache-2.0
// Runs the float network and the quantised one side by side over all calibration batches and stops in front of each convolution, so
// that a layer can be quantised on the inputs that it will really see.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "quant/calibrate.h"
#include "quant/statistics/activation_store.h"

namespace nibble {

/// What takes the place of a convolution's weight and bias in the quantised network.
struct SubstituteConv {
  at::Tensor weight;  ///< dequantised
  at::Tensor bias;
  std::optional<QuantParams> activation;  ///< quantiser of its input; empty where the input stays float
};

/// Error(environment) naming the folder, what is needed and what is free, where the temporary files of a PairedRun over `images` images do
/// not fit into the folder for temporary files. With `propagate` a second network's activations have to fit as well.
void require_space(const Graph& graph, const std::vector<std::size_t>& convolutions, std::int64_t images, bool propagate);

class PairedRun {
 public:
  /// Is shown, batch after batch, the input of the convolution in front of which the run comes to stand: in the quantised network, before
  /// activation quantisation, and in the float one; the same tensor where only that is run.
  using Show = std::function<void(std::int64_t batch, const at::Tensor& seen, const at::Tensor& wanted)>;

  /// `convolutions`: the nodes to stop at, ascending; nothing behind the last one is computed. Without `propagate` the
  /// quantised network is not run and seen() is wanted().
  PairedRun(const Graph& graph, const std::vector<std::size_t>& convolutions, const CalibrationImages& images, std::int64_t batch_size,
            bool propagate, const Show& show);

  std::int64_t batches() const { return batches_; }
  /// Input of the convolution in front of which the run stands, before activation quantisation; as it was shown, to 16 bits.
  at::Tensor seen(std::int64_t batch) const;
  /// The same input in the float network.
  at::Tensor wanted(std::int64_t batch) const;
  /// Computes the present convolution, in the float network as it is and in the quantised one with `substitute`, and goes on to the next,
  /// of which there must be one.
  void advance(const SubstituteConv& substitute, const Show& show);

 private:
  using Values = std::map<ValueId, at::Tensor>;
  const Node& current() const { return graph_.nodes[convolutions_[position_]]; }
  at::Tensor value(const ActivationStore& store, const Values& local, ValueId id, std::int64_t batch) const;
  void run_nodes(ActivationStore& store, Values& local, std::size_t first, std::size_t last, std::int64_t batch);
  void keep_live(ActivationStore& store, const Values& local, std::size_t next, std::int64_t batch) const;
  void drop_dead(std::size_t next, std::int64_t batch);

  const Graph& graph_;
  std::vector<std::size_t> convolutions_;
  std::size_t position_ = 0;
  std::int64_t batches_ = 0;
  bool propagate_;
  std::map<ValueId, at::Tensor> constants_;
  std::vector<std::size_t> last_use_;  // per value: index of the last node that reads it
  ActivationStore float_store_, quantised_store_;
};

}  // namespace nibble
