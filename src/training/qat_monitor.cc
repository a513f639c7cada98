// SPDX-License-Identifier: Apache-2.0
#include "training/qat_monitor.h"

#include <fmt/format.h>

#include "base/log.h"

namespace nibble {

QatMonitor::QatMonitor(std::string title, Task task, std::filesystem::path events, std::filesystem::path curve,
                       std::function<double()> now_s, Progress& progress)
    : title_(std::move(title)),
      words_(words_of(task)),
      events_(std::move(events)),
      curve_path_(std::move(curve)),
      now_s_(std::move(now_s)),
      progress_(progress) {}

FitObserver QatMonitor::observer() {
  return {[this](std::int64_t first, std::int64_t steps) { begin(first, steps); }, [this](const StepReport& report) { step(report); },
          [this](const ScoreReport& report) { score(report); },
          [this](const DivergenceEvent& event, double factor, std::int64_t back_to) { divergence(event, factor, back_to); }};
}

void QatMonitor::begin(std::int64_t first_step, std::int64_t steps) {
  file_.emplace(events_, now_s_(), first_step);
  curve_.emplace(curve_path_, first_step);
  progress_.begin(title_, steps - first_step);
}

void QatMonitor::step(const StepReport& report) {
  constexpr double kKept = 0.9;  // of the moving mean that is shown
  mean_loss_ = mean_loss_ ? kKept * *mean_loss_ + (1 - kKept) * report.loss : report.loss;
  Scalars scalars = {{"loss/total", static_cast<float>(report.loss)}, {"gradient_norm", static_cast<float>(report.gradient_norm)}};
  for (const auto& [name, value] : report.parts) scalars.emplace_back("loss/" + name, static_cast<float>(value));
  for (const auto& [name, value] : report.rates) scalars.emplace_back("rate/" + name, static_cast<float>(value));
  file_->add(now_s_(), report.step, scalars);
  curve_->add(report.step + 1, "loss/total", report.loss);
  for (const auto& [name, value] : report.parts) curve_->add(report.step + 1, "loss/" + name, value);
  curve_->flush();
  progress_.step(fmt::format("epoch {}, loss {:.4g}{}", report.epoch + 1, *mean_loss_, last_score_));
}

void QatMonitor::score(const ScoreReport& report) {
  const std::string name = std::string("held_out/") + words_.main;
  file_->add(now_s_(), report.step, {{name, static_cast<float>(report.score)}});
  curve_->add(report.epoch < 0 ? 0 : report.step + 1, name, report.score);
  curve_->flush();
  last_score_ = fmt::format(", held out {} {:.4f}", words_.main_title, report.score);
  log(LogLevel::info, fmt::format("qat: after epoch {}: held out {} {:.4f}{}", report.epoch + 1, words_.main_title, report.score,
                                  report.is_best ? ", best so far" : ""));
}

void QatMonitor::divergence(const DivergenceEvent& event, double rate_factor, std::int64_t back_to_step) {
  log(LogLevel::warning,
      fmt::format("qat: diverged: {}; back to the weights of step {}, learning rates times {:g}", event.text, back_to_step, rate_factor));
}

}  // namespace nibble
