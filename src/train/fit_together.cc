// SPDX-License-Identifier: Apache-2.0
#include "train/fit_together.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/files.h"
#include "base/progress.h"

namespace nibble {
namespace {

constexpr std::size_t kKindOfEnd = 0, kScore = 1;  // of what score_once tells

}  // namespace

void require_same_run(Processes& processes, const std::string& run) {
  const std::string own = sha256_of(std::as_bytes(std::span(run)));
  std::vector<double> first(own.begin(), own.end());
  processes.broadcast(first);
  double different = std::equal(first.begin(), first.end(), own.begin(), own.end()) ? 0 : 1;
  processes.sum(std::span(&different, 1));
  if (different > 0)
    throw Error(ErrorKind::usage,
                fmt::format("training: {:g} of {} processes were started with another model, other data or other options than "
                            "process 0; give all the same command",
                            different, processes.size()));
}

void share_start(Processes& processes, const std::vector<ParameterGroup>& groups) {
  const at::NoGradGuard no_gradients;
  for (const auto& group : groups)
    for (at::Tensor tensor : group.tensors) processes.broadcast(tensor);
}

/// All gradients in one tensor, and behind them for each parameter in how many processes it has one.
void add_up_gradients(Processes& processes, const std::vector<at::Tensor>& parameters) {
  if (processes.size() == 1 || parameters.empty()) return;
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> pieces;
  std::vector<float> has_gradient;
  for (const auto& parameter : parameters) {
    const at::Tensor& gradient = parameter.grad();
    pieces.push_back(gradient.defined() ? gradient.reshape({-1}) : at::zeros({parameter.numel()}, parameter.options()));
    has_gradient.push_back(gradient.defined() ? 1 : 0);
  }
  pieces.push_back(at::tensor(has_gradient).to(pieces.front().options()));
  at::Tensor all = at::cat(pieces);
  processes.sum(all);
  const std::int64_t gradients = all.numel() - static_cast<std::int64_t>(parameters.size());
  const at::Tensor processes_with = all.slice(0, gradients).to(at::kCPU, at::kDouble).contiguous();
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::int64_t end = begin + parameters[i].numel();
    const at::Tensor sum = all.slice(0, begin, end).reshape(parameters[i].sizes()).to(parameters[i].scalar_type());
    if (processes_with.data_ptr<double>()[i] > 0) parameters[i].mutable_grad() = sum;
    begin = end;
  }
}

void add_up_loss(Processes& processes, double& total, std::vector<std::pair<std::string, double>>& parts) {
  std::vector<double> values = {total};
  for (const auto& part : parts) values.push_back(part.second);
  processes.sum(values);
  total = values[0];
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].second = values[i + 1];
}

double score_once(Processes& processes, const std::function<double()>& score) {
  std::optional<Error> error;
  std::vector<double> told = {0, 0};
  if (processes.is_first()) {
    try {
      told[kScore] = score();
    } catch (const Error& thrown) {
      error = thrown;
      told[kKindOfEnd] = thrown.exit_code();
    }
  }
  processes.broadcast(told);
  if (error) throw *error;
  if (told[kKindOfEnd] != 0)
    throw Error(static_cast<ErrorKind>(static_cast<int>(told[kKindOfEnd])),
                "training: process 0 stopped while it scored; its message says why");
  return told[kScore];
}

void SharedInterrupt::hold(const std::function<void()>& told) {
  try {
    told();
  } catch (const Error& error) {
    if (processes_.size() == 1 || error.kind() != ErrorKind::interrupted) throw;
    held_ = error;
  }
}

void SharedInterrupt::throw_if_any() {
  hold([] { throw_if_interrupted(); });
  double interrupted = held_ ? 1 : 0;
  processes_.sum(std::span(&interrupted, 1));
  if (held_) throw *held_;
  if (interrupted > 0) throw Error(ErrorKind::interrupted, "interrupted: another process of this training was stopped");
}

}  // namespace nibble
