// SPDX-License-Identifier: Apache-2.0
#include "quant/layer_quantizer.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "nibble/error.h"
#include "quant/rounding/rounding.h"

namespace nibble {
namespace {

constexpr double kMaxDamping = 1.0;
constexpr double kFirstRetry = 1e-8;     // the least damping after a failure: 0 times 10 would stay 0
constexpr double kChannelDamping = 0.1;  // of the mean diagonal
constexpr double kCancellation = 1e-4;
constexpr double kMinGain = 0.8, kMaxGain = 1.25;  // beyond that the moments are noise

void run_parallel(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) { at::parallel_for(0, count, 1, body); }

std::vector<float> to_vector(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.to(at::kFloat).contiguous();
  const auto* data = dense.data_ptr<float>();
  return {data, data + dense.numel()};
}

/// Hessian with damping on the diagonal and the upper factor U of its inverse, H^-1 = U^T U.
struct Factored {
  at::Tensor hessian;  // f32
  at::Tensor inverse;  // f64
  at::Tensor upper;    // f32
  double damping = 0;
};

/// These matrices are the largest things in memory: each is let go as soon as the next one is there.
std::optional<Factored> try_factorise(const at::Tensor& exact, const at::Tensor& floor, double damping) {
  const at::Tensor mean = at::max(exact.diagonal(0, 1, 2).mean(1), floor);  // [G]
  at::Tensor damped = exact.clone();
  damped.diagonal(0, 1, 2).add_((mean * damping).unsqueeze(1));
  auto [lower, failed] = at::linalg_cholesky_ex(damped);
  if (failed.any().item<bool>()) return {};
  Factored factored;
  factored.damping = damping;
  factored.hessian = damped.to(at::kFloat);
  damped.reset();
  factored.inverse = at::cholesky_inverse(lower);
  lower.reset();
  const auto [inverse_lower, inverse_failed] = at::linalg_cholesky_ex(factored.inverse);
  if (inverse_failed.any().item<bool>()) return {};
  factored.upper = inverse_lower.transpose(1, 2).to(at::kFloat).contiguous();
  return factored;
}

/// Statistics as far as they can be used.
struct Usable {
  Factored factored;
  std::string method;  ///< "gptq"; "diagonal": each input on its own; "nearest": none, every input counts alike
};

/// The columns' own mean squares, without what they have in common. Cancellation can leave none, or less than none: such a column
/// counts a hundredth of the mean.
std::optional<Factored> diagonal_only(const at::Tensor& exact, const at::Tensor& floor, double damping) {
  const at::Tensor diagonal = exact.diagonal(0, 1, 2);
  const at::Tensor least = at::max(diagonal.mean(1), floor).unsqueeze(1) * 0.01;
  return try_factorise(at::diag_embed(at::max(diagonal, least)), floor, damping);
}

/// `power` [G]: the inputs' mean square. Of inputs that hardly vary around their mean, the centred moments are what cancellation
/// in f32 leaves; damping is relative to at least kCancellation of the power then (1e-12 serves inputs that are always zero).
/// Where no damping up to kMaxDamping makes them positive definite, less of them is used. Error(numeric) where they are no finite numbers:
/// then images or network are broken, and nothing can be rounded by them.
Usable usable_statistics(at::Tensor hessian, const at::Tensor& power, double damping, const std::string& node) {
  const at::Tensor exact = hessian.to(at::kDouble);
  hessian.reset();
  const at::Tensor floor = (power.to(at::kDouble) * kCancellation).clamp_min(1e-12);
  if (!exact.isfinite().all().item<bool>() || !floor.isfinite().all().item<bool>() || !std::isfinite(damping))
    throw Error(ErrorKind::numeric,
                fmt::format("calibrate: {}: its inputs are not finite numbers; check the calibration images, and whether "
                            "the float model gives finite outputs on them",
                            node));
  for (double tried = damping;; tried = std::clamp(10 * tried, kFirstRetry, kMaxDamping)) {
    if (std::optional<Factored> factored = try_factorise(exact, floor, tried)) return {*std::move(factored), "gptq"};
    if (tried >= kMaxDamping) break;
  }
  if (std::optional<Factored> factored = diagonal_only(exact, floor, damping)) return {*std::move(factored), "diagonal"};
  const at::Tensor alike = at::eye(exact.size(1), exact.options()).expand_as(exact);
  return {{alike.to(at::kFloat), alike, alike.to(at::kFloat), 0}, "nearest"};
}

/// Scale slot of each column: all 0, or one per block of input channels and kernel position.
std::vector<std::int32_t> column_slots(const QuantSpec& spec, const at::Tensor& weight) {
  const std::int64_t kernel = weight.size(2) * weight.size(3);
  std::vector<std::int32_t> slots(static_cast<std::size_t>(weight.size(1) * kernel), 0);
  if (spec.granularity != Granularity::block) return slots;
  for (std::size_t j = 0; j < slots.size(); ++j) {
    const auto channel = static_cast<std::int64_t>(j) / kernel;
    slots[j] = static_cast<std::int32_t>(channel / spec.block * kernel + static_cast<std::int64_t>(j) % kernel);
  }
  return slots;
}

/// Columns in the order in which they are rounded: the largest Hessian entries first, while many columns are left to make up for
/// their errors ("act order" in Frantar et al.'s implementation).
std::vector<std::int64_t> rounding_order(const at::Tensor& hessian) {
  const std::vector<float> importance = to_vector(hessian.diagonal(0, 1, 2).mean(0));
  std::vector<std::int64_t> order(importance.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return importance[a] > importance[b]; });
  return order;
}

/// A trellis has the order of memory.
std::vector<std::int64_t> natural_order(const at::Tensor& hessian) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(hessian.size(1)));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// Entry i of the result is row and column order[i] of each matrix.
at::Tensor reordered(const at::Tensor& matrices, const at::Tensor& order) { return matrices.index_select(1, order).index_select(2, order); }

std::vector<std::int8_t> in_natural_order(const std::vector<std::int8_t>& codes, const std::vector<std::int64_t>& order) {
  std::vector<std::int8_t> result(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    result[i - i % order.size() + static_cast<std::size_t>(order[i % order.size()])] = codes[i];
  return result;
}

RoundingProblem make_problem(const at::Tensor& targets, Factored factored, const QuantSpec& spec, bool symmetric,
                             std::vector<std::int32_t> slots) {
  RoundingProblem problem;
  problem.groups = targets.size(0);
  problem.rows = targets.size(1);
  problem.columns = targets.size(2);
  problem.targets = to_vector(targets);
  factored.inverse.reset();
  problem.hessian = to_vector(factored.hessian);
  factored.hessian.reset();
  problem.inverse_factor = to_vector(factored.upper);
  problem.slots = std::move(slots);
  problem.slot_count = *std::max_element(problem.slots.begin(), problem.slots.end()) + 1;
  problem.shared_scale = spec.granularity == Granularity::tensor;
  problem.symmetric = symmetric;
  problem.spec = spec;
  return problem;
}

/// M of F = M^T C M (coupled_rows.h), rows in the order of falling diagonal. F flipped is L L^T with L lower; flipped back, F = U U^T.
/// False, and nothing coupled, where F is not finite.
bool couple_rows(RoundingProblem& problem, const at::Tensor& fisher) {
  const at::Tensor exact = fisher.to(at::kDouble);
  const at::Tensor order = at::argsort(exact.diagonal(), 0, /*descending=*/true);
  const at::Tensor damping = (exact.diagonal().mean() * kChannelDamping).clamp_min(1e-300);
  const at::Tensor damped = exact.index_select(0, order).index_select(1, order) + at::eye(exact.size(0), exact.options()) * damping;
  const auto [lower, failed] = at::linalg_cholesky_ex(damped.flip({0, 1}));
  if (failed.item<bool>() || !lower.isfinite().all().item<bool>()) return false;
  const at::Tensor upper = lower.flip({0, 1});
  problem.row_feedback = to_vector((upper / upper.diagonal()).t());
  problem.row_order.assign(order.data_ptr<std::int64_t>(), order.data_ptr<std::int64_t>() + order.numel());
  return true;
}

/// Scales times the factor that makes the regression of the quantised output on the float output have slope 1, per output
/// channel: E[y^2] / E[y y'] with y = w x, y' = w' x'. Least-squares codes give slopes a little below 1 (a projection is
/// shorter than what it projects); over sixty layers that fades the signal.
void restore_gain(RoundedWeights& rounded, const std::vector<std::int32_t>& column_slots, bool shared_scale, const at::Tensor& rows,
                  const PatchMoments& moments, const at::Tensor& hessian, bool centred) {
  const std::vector<std::int64_t> by_slot{rows.size(0), rows.size(1), -1};
  const at::Tensor codes = at::tensor(at::ArrayRef<std::int8_t>(rounded.codes)).to(at::kFloat).reshape(rows.sizes());
  const at::Tensor scales = at::tensor(at::ArrayRef<float>(rounded.scales)).reshape(by_slot);
  const at::Tensor zero_points = at::tensor(at::ArrayRef<std::int8_t>(rounded.zero_points)).to(at::kFloat).reshape(by_slot);
  const at::Tensor slots = at::tensor(at::ArrayRef<std::int32_t>(column_slots)).to(at::kLong);
  const at::Tensor restored = (codes - zero_points.index_select(2, slots)) * scales.index_select(2, slots);
  const at::Tensor power = moments.power(centred);                                                       // [G, O/G]
  const at::Tensor product = (at::matmul(rows, hessian) + moments.drift(centred)).mul(restored).sum(2);  // [G, O/G]
  const at::Tensor gain = shared_scale ? (power.sum() / product.sum()).expand_as(power) : power / product;
  const at::Tensor usable = product.gt(0).logical_and(gain.isfinite());
  rounded.scales = to_vector(scales * at::where(usable, gain, at::ones_like(gain)).clamp(kMinGain, kMaxGain).unsqueeze(2));
}

QuantParams weight_params(const RoundedWeights& rounded, const RoundingProblem& problem, const at::Tensor& weight) {
  const Shape shape = scale_shape(problem.spec, weight.sizes().vec());
  std::vector<float> scales = rounded.scales;
  std::vector<std::int8_t> zero_points = rounded.zero_points;
  if (problem.shared_scale) scales.resize(1), zero_points.resize(1);
  QuantSpec spec = problem.spec;
  spec.trellis.curve = rounded.trellis_curve;
  return {spec, Tensor::of<float>(shape, std::move(scales)), Tensor::of<std::int8_t>(shape, std::move(zero_points))};
}

/// 0 for no signal, infinite for no noise.
double decibels(double signal, double noise) {
  if (noise <= 0) return signal > 0 ? std::numeric_limits<double>::infinity() : 0;
  return signal > 0 ? 10 * std::log10(signal / noise) : 0;
}

/// Of the layer's output as it is exported: 10 log10(sum of var(y) / sum of E[(y - y')^2]), y = w x + b of the float network,
/// y' = w' x' + b' of the quantised one, both sums over output channels. With D = w - w' and d = x - x' the error is
///   E[(y - y')^2] = D E[x' x'^T] D^T + 2 E[w d x'^T] D^T + E[(w d)^2].
/// `bias_follows`: b' makes up for the mean error, so the moments are centred. No damping, and the scales after restore_gain.
double output_sqnr_db(const at::Tensor& rows, const at::Tensor& restored, const PatchMoments& moments, const at::Tensor& hessian,
                      bool bias_follows) {
  const at::Tensor error = rows - restored;
  const at::Tensor own = at::matmul(error, hessian) + 2 * moments.drift(bias_follows);
  const double noise = own.mul(error).sum(at::kDouble).item<double>() + moments.inherited(bias_follows).sum(at::kDouble).item<double>();
  return decibels(moments.power(true).sum(at::kDouble).item<double>(), noise);
}

void add_note(std::string& notes, const std::string& note) { notes += (notes.empty() ? "" : "; ") + note; }

/// Why a layer was rounded with less than GPTQ.
std::string reason_of(const std::string& method) {
  return fmt::format("its input statistics are not positive definite at damping {}: {}", kMaxDamping,
                     method == "diagonal" ? "each input counts on its own" : "every input counts alike");
}

}  // namespace

void describe_codes(const at::Tensor& weight, const at::Tensor& codes, const QuantParams& params, LayerStat& stat) {
  const QuantSpec& spec = params.spec;
  const at::Tensor restored = dequantize(codes, params);
  stat.sqnr_db = decibels(weight.square().sum().item<double>(), (weight - restored).square().sum().item<double>());
  const auto count = static_cast<double>(weight.numel());
  stat.clipped = codes.eq(spec.min_code()).logical_or(codes.eq(spec.max_code())).sum().item<double>() / count;
  stat.zeroed = restored.eq(0).logical_and(weight.ne(0)).sum().item<double>() / count;
}

QuantizedLayer quantize_layer(const Node& node, const at::Tensor& weight, const at::Tensor& bias, const LayerPlan& plan,
                              const Recipe& recipe, const PatchMoments& moments, const at::Tensor& channels) {
  const std::int64_t groups = std::get<op::Conv>(node.op).groups;
  const at::Tensor rows = weight.reshape({groups, weight.size(0) / groups, -1});  // [G, O/G, K]
  const at::Tensor hessian = moments.hessian(recipe.bias_correction);
  const std::vector<std::int64_t> order = plan.weight->trellis ? natural_order(hessian) : rounding_order(hessian);
  const at::Tensor by_order = at::tensor(at::ArrayRef<std::int64_t>(order));
  auto [factored, usable] =
      usable_statistics(reordered(hessian, by_order), moments.square_seen().mean(1), recipe.weights.damping, node.name);
  const double damping = factored.damping;
  const bool wants_gptq = recipe.weights.rounding == Rounding::gptq, is_full = usable == "gptq";
  std::string notes = plan.note;
  if (wants_gptq && !is_full) add_note(notes, reason_of(usable));
  at::Tensor targets = rows.index_select(2, by_order);
  if (wants_gptq && is_full && recipe.weights.target_correction > 0) {
    const at::Tensor drift = moments.drift(recipe.bias_correction).index_select(2, by_order);
    const at::Tensor repair = at::matmul(drift.to(at::kDouble), factored.inverse).to(at::kFloat);
    const at::Tensor corrected = targets + recipe.weights.target_correction * repair;
    if (corrected.isfinite().all().item<bool>()) {
      targets = corrected;
    } else {
      add_note(notes, "its weights are not corrected for the error before it, which is not a finite number");
    }
  }

  const std::vector<std::int32_t> slots = column_slots(*plan.weight, weight);
  std::vector<std::int32_t> slots_in_order;
  for (const std::int64_t column : order) slots_in_order.push_back(slots[column]);
  RoundingProblem problem = make_problem(targets, std::move(factored), *plan.weight, plan.symmetric, std::move(slots_in_order));
  if (channels.defined() && groups == 1 && !problem.shared_scale && plan.weight->stored_bits() < 8 && !couple_rows(problem, channels))
    add_note(notes, "its rows are not coupled: the gradients of its outputs are not finite");
  RoundedWeights rounded = round_weights(problem, recipe.weights.rounding, recipe.weights.scale_search, run_parallel);
  rounded.codes = in_natural_order(rounded.codes, order);
  if (recipe.weights.restore_gain) restore_gain(rounded, slots, problem.shared_scale, rows, moments, hessian, recipe.bias_correction);

  QuantizedLayer layer;
  layer.codes = Tensor::of<std::int8_t>(weight.sizes().vec(), rounded.codes);
  layer.weight = weight_params(rounded, problem, weight);
  const at::Tensor codes = to_torch(layer.codes);
  const at::Tensor restored = dequantize(codes, layer.weight);
  const at::Tensor restored_rows = restored.reshape(rows.sizes());
  at::Tensor new_bias = bias;
  if (recipe.bias_correction) {
    const at::Tensor shift =
        at::matmul(rows, moments.mean_wanted().unsqueeze(2)) - at::matmul(restored_rows, moments.mean_seen().unsqueeze(2));
    new_bias = bias + shift.reshape({-1});
  }
  if (!new_bias.isfinite().all().item<bool>()) {
    new_bias = bias;
    add_note(notes, "its bias is not corrected: the means of its inputs are not finite");
  }
  layer.bias = from_torch(new_bias);
  layer.stat.node = node.name;
  layer.stat.weight_bits = plan.weight->stored_bits();
  layer.stat.method = wants_gptq ? usable : "nearest";
  layer.stat.output_sqnr_db = output_sqnr_db(rows, restored_rows, moments, hessian, recipe.bias_correction);
  layer.stat.damping = damping;
  if (damping > recipe.weights.damping) add_note(notes, fmt::format("damping raised to {}", damping));
  layer.stat.note = notes;
  describe_codes(weight, codes, layer.weight, layer.stat);
  return layer;
}

}  // namespace nibble
