// SPDX-License-Identifier: Apache-2.0
#include "scoring/step_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/progress.h"
#include "export/value_sites.h"
#include "nibble/error.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {

SessionOptions on_cpu(RuntimeOptions runtime, bool optimize) {
  runtime.provider = name_of(Provider::cpu);
  return session_options(runtime, optimize);
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  const auto x = a.bytes(), y = b.bytes();
  return std::equal(x.begin(), x.end(), y.begin(), y.end());
}

/// A file, and what it answers with all optimisations.
struct Observed {
  std::filesystem::path model;
  std::string output;
  const std::vector<Tensor>& inputs;
  std::vector<Tensor> answers;
  const RuntimeOptions& runtime;
};

/// Of a copy that gives the codes of `sites` out.
QuantizerSteps steps_of_copy(const Observed& observed, const std::vector<QuantizerSite>& sites) {
  std::vector<std::string> names, values;
  for (const auto& site : sites) {
    names.push_back(site.name);
    values.push_back(site.codes);
  }
  values.push_back(observed.output);
  const auto copy = model_with_outputs(observed.model, values);
  const Session off(copy, observed.model, on_cpu(observed.runtime, false)), all(copy, observed.model, on_cpu(observed.runtime, true));
  StepMeter meter(names);
  bool same = true;
  for (std::size_t i = 0; i < observed.inputs.size(); ++i) {
    throw_if_interrupted();
    const auto optimized = all.run({observed.inputs[i]});
    meter.add(off.run({observed.inputs[i]}), optimized);
    same = same && same_bytes(observed.answers[i], optimized.back());
  }
  auto steps = meter.result();
  steps.same_outputs = same;
  return steps;
}

}  // namespace

StepMeter::StepMeter(const std::vector<std::string>& quantizers) {
  for (const auto& name : quantizers) rows_.push_back({name});
}

void StepMeter::add(const std::vector<Tensor>& reference, const std::vector<Tensor>& other) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    auto& row = rows_[i];
    const Tensor a = reference.at(i).to(DType::f32), b = other.at(i).to(DType::f32);  // exact: codes have at most 16 bits
    if (a.shape() != b.shape()) throw Error(ErrorKind::internal, fmt::format("steps: {}: the codes differ in shape", row.name));
    const auto x = a.as<float>(), y = b.as<float>();
    row.codes += static_cast<std::int64_t>(x.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto steps = std::llabs(std::llround(x[k]) - std::llround(y[k]));
      row.far += steps > 1 ? 1 : 0;
      row.largest = std::max<std::int64_t>(row.largest, steps);
    }
  }
}

QuantizerSteps StepMeter::result() const {
  QuantizerSteps steps;
  steps.quantizers = static_cast<std::int64_t>(rows_.size());
  for (const auto& row : rows_) {
    steps.differing += row.largest > 0 ? 1 : 0;
    steps.largest_steps = std::max(steps.largest_steps, row.largest);
    if (row.far == 0 || !steps.first.empty()) continue;
    steps.first = row.name;
    steps.first_steps = row.largest;
    steps.first_share = static_cast<double>(row.far) / static_cast<double>(row.codes);
  }
  return steps;
}

QuantizerSteps check_steps(const std::filesystem::path& model, const std::vector<Tensor>& inputs, const RuntimeOptions& runtime) {
  const Session whole(model, on_cpu(runtime, true));
  Observed observed{model, whole.outputs().at(0).name, inputs, {}, runtime};
  auto sites = find_quantizers(model);
  std::erase_if(sites, [&](const QuantizerSite& site) { return site.codes == observed.output; });
  if (sites.empty()) return {};
  for (const auto& input : inputs) observed.answers.push_back(whole.run({input}).at(0));
  auto steps = steps_of_copy(observed, sites);
  steps.first_is_exact = steps.same_outputs;
  if (steps.first.empty() || steps.same_outputs) return steps;
  const auto first = std::find_if(sites.begin(), sites.end(), [&](const QuantizerSite& site) { return site.name == steps.first; });
  sites.erase(first + 1, sites.end());
  const auto fewer = steps_of_copy(observed, sites);
  if (!fewer.same_outputs || fewer.first != steps.first) return steps;
  steps.first_is_exact = true;
  steps.first_steps = fewer.first_steps;
  steps.first_share = fewer.first_share;
  return steps;
}

}  // namespace nibble
