// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/paired_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/half.h"
#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kStoreBytes = 128LL << 20;  // each network's activations in memory; more go to a temporary file

/// Per value: the last node up to `end` that reads it.
std::vector<std::size_t> last_uses(const Graph& graph, std::size_t end) {
  std::vector<std::size_t> result(graph.values.size(), 0);
  for (std::size_t i = 0; i <= end; ++i)
    for (const ValueId id : graph.nodes[i].inputs) result[id] = i;
  return result;
}

/// Of one image's activations that one network keeps in front of a stop: those that are there and some node from it on reads.
std::int64_t most_bytes_kept(const Graph& graph, const std::vector<std::size_t>& stops) {
  const std::vector<std::size_t> last_use = last_uses(graph, stops.back());
  const auto bytes_of = [&](const std::vector<ValueId>& ids, std::size_t stop) {
    std::int64_t bytes = 0;
    for (const ValueId id : ids) {
      const Shape& shape = graph.value(id).shape;
      if (last_use[id] >= stop) bytes += count_of(Shape(shape.begin() + 1, shape.end())) * std::int64_t{sizeof(Half)};
    }
    return bytes;
  };
  std::int64_t most = 0;
  for (const std::size_t stop : stops) {
    std::int64_t kept = bytes_of(graph.inputs, stop);
    for (std::size_t i = 0; i < stop; ++i) kept += bytes_of(graph.nodes[i].outputs, stop);
    most = std::max(most, kept);
  }
  return most;
}

}  // namespace

void require_space(const Graph& graph, const std::vector<std::size_t>& convolutions, std::int64_t images, bool propagate) {
  if (convolutions.empty()) return;
  const std::int64_t in_files = most_bytes_kept(graph, convolutions) * images - kStoreBytes;
  if (in_files <= 0) return;
  std::error_code unknown;
  const std::filesystem::path folder = folder_for_temporaries();
  const auto free = std::filesystem::space(folder, unknown).available;
  const double needed = static_cast<double>(in_files) * (propagate ? 2 : 1);
  if (unknown || needed <= static_cast<double>(free)) return;
  throw Error(ErrorKind::environment,
              fmt::format("calibrate: {}: the activations of {} images take {:.1f} GB there, {:.1f} GB are free; set TMPDIR to a folder "
                          "with more space or use fewer calibration images",
                          folder.string(), images, needed / 1e9, static_cast<double>(free) / 1e9));
}

PairedRun::PairedRun(const Graph& graph, const std::vector<std::size_t>& convolutions, const CalibrationImages& images,
                     std::int64_t batch_size, bool propagate, const Show& show)
    : graph_(graph),
      convolutions_(convolutions),
      batches_((images.count + batch_size - 1) / batch_size),
      propagate_(propagate),
      last_use_(last_uses(graph, convolutions.back())),
      float_store_(kStoreBytes),
      quantised_store_(kStoreBytes) {
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (graph.values[i].constant) constants_[static_cast<ValueId>(i)] = constant_of(graph.values[i]);
  for (std::int64_t batch = 0; batch < batches_; ++batch) {  // channels last: convolutions and patches read them faster
    throw_if_interrupted();
    const std::int64_t first = batch * batch_size;
    const at::Tensor x =
        to_torch(images.load(first, std::min(batch_size, images.count - first))).contiguous(at::MemoryFormat::ChannelsLast);
    const std::size_t next = convolutions_.front();
    Values local{{graph.inputs.front(), x}};
    run_nodes(float_store_, local, 0, next, batch);
    keep_live(float_store_, local, next, batch);
    if (propagate_) keep_live(quantised_store_, local, next, batch);
    const at::Tensor wanted = value(float_store_, local, current().inputs[0], batch);
    show(batch, wanted, wanted);
  }
}

at::Tensor PairedRun::value(const ActivationStore& store, const Values& local, ValueId id, std::int64_t batch) const {
  if (const auto found = local.find(id); found != local.end()) return found->second;
  if (const auto found = constants_.find(id); found != constants_.end()) return found->second;
  return store.get(id, batch);
}

at::Tensor PairedRun::wanted(std::int64_t batch) const { return float_store_.get(current().inputs[0], batch); }

at::Tensor PairedRun::seen(std::int64_t batch) const {
  return propagate_ ? quantised_store_.get(current().inputs[0], batch) : wanted(batch);
}

void PairedRun::run_nodes(ActivationStore& store, Values& local, std::size_t first, std::size_t last, std::int64_t batch) {
  for (std::size_t i = first; i < last; ++i) {
    const Node& node = graph_.nodes[i];
    std::vector<at::Tensor> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(value(store, local, id, batch));
    const std::vector<at::Tensor> outputs = evaluate(node, inputs);
    for (std::size_t k = 0; k < outputs.size(); ++k) local[node.outputs[k]] = outputs[k];
  }
}

void PairedRun::keep_live(ActivationStore& store, const Values& local, std::size_t next, std::int64_t batch) const {
  for (const auto& [id, tensor] : local)
    if (last_use_[id] >= next) store.put(id, batch, tensor);
}

void PairedRun::drop_dead(std::size_t next, std::int64_t batch) {
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    if (last_use_[i] >= next) continue;
    float_store_.drop(static_cast<ValueId>(i), batch);
    quantised_store_.drop(static_cast<ValueId>(i), batch);
  }
}

void PairedRun::advance(const SubstituteConv& substitute, const Show& show) {
  const Node& node = current();
  const std::size_t here = convolutions_[position_], next = convolutions_[position_ + 1];
  const ValueId next_input = graph_.nodes[next].inputs[0];
  for (std::int64_t batch = 0; batch < batches_; ++batch) {
    throw_if_interrupted();
    Values local;
    run_nodes(float_store_, local, here, next, batch);
    keep_live(float_store_, local, next, batch);
    const at::Tensor wanted = value(float_store_, local, next_input, batch);
    at::Tensor shown = wanted;
    if (propagate_) {
      at::Tensor x = seen(batch);
      if (substitute.activation) x = fake_quantize(x, *substitute.activation);
      local = {{node.outputs[0], convolve(std::get<op::Conv>(node.op), x, substitute.weight, substitute.bias)}};
      run_nodes(quantised_store_, local, here + 1, next, batch);
      keep_live(quantised_store_, local, next, batch);
      shown = value(quantised_store_, local, next_input, batch);
    }
    show(batch, shown, wanted);
    drop_dead(next, batch);
  }
  ++position_;
}

}  // namespace nibble
