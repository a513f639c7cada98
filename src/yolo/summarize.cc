// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "yolo/head.h"
#include "yolo/model_info.h"

namespace nibble {

namespace {

std::int64_t count_parameters(const Module& module) {
  std::int64_t count = 0;
  for (const auto* tensor : module.parameters()) count += count_of(tensor->shape);
  return count;
}

std::string from_text(const Layer& layer) {
  std::string text;
  for (const auto from : layer.from) text += fmt::format("{}{}", text.empty() ? "" : ", ", from);
  return text;
}

/// "float16", or all of them where parameters differ.
std::string stored_dtypes(const Module& model) {
  std::set<std::string> names;
  for (const auto* tensor : model.parameters()) names.insert(std::string(name_of(tensor->dtype)));
  std::string text;
  for (const auto& name : names) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

ModelSummary summarize_model(const Checkpoint& checkpoint) {
  const auto source = find_model(checkpoint);
  require_known_model(source);
  ModelSummary summary;
  summary.model_class = source.model.class_name();
  summary.taken_from = source.taken_from;
  summary.info = make_model_info(checkpoint, source, {});
  for (const auto& layer : source.layers) {
    const auto index = static_cast<std::int64_t>(summary.layers.size());
    summary.layers.push_back({index, from_text(layer), layer.module.short_class(), count_parameters(layer.module), layer.yaml});
    summary.parameters += summary.layers.back().parameters;
  }
  summary.stored_dtype = stored_dtypes(source.model);
  if (summary.info.task != Task::classify) summary.heads = heads_of(source.layers.back().module);
  return summary;
}

}  // namespace nibble
