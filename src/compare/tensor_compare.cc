// SPDX-License-Identifier: Apache-2.0
#include "compare/tensor_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "export/value_sites.h"
#include "nibble/error.h"
#include "ort/session.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {

using Taps = std::vector<ConvSite>;

struct TapPair {
  std::size_t a, b;
};

std::vector<TapPair> match_by_name(const Taps& a, const Taps& b) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < b.size(); ++i) places.emplace(b[i].name, i);
  std::vector<TapPair> pairs;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const auto found = places.find(a[i].name); found != places.end()) pairs.push_back({i, found->second});
  return pairs;
}

std::vector<TapPair> match_by_place(const Taps& a, const Taps& b) {
  const auto same_shape = [](const ConvSite& x, const ConvSite& y) { return x.weight == y.weight; };
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), same_shape)) return {};
  std::vector<TapPair> pairs;
  for (std::size_t i = 0; i < a.size(); ++i) pairs.push_back({i, i});
  return pairs;
}

std::vector<std::string> names_without(const Taps& sites, const std::vector<TapPair>& pairs, std::size_t TapPair::*side) {
  std::vector<bool> is_matched(sites.size());
  for (const auto& pair : pairs) is_matched[pair.*side] = true;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sites.size(); ++i)
    if (!is_matched[i]) names.push_back(sites[i].name);
  return names;
}

Session open_tapped(const std::filesystem::path& model, const Taps& sites, const std::vector<TapPair>& pairs, std::size_t TapPair::*side,
                    const RuntimeOptions& runtime) {
  std::vector<std::string> values;
  for (const auto& pair : pairs) values.push_back(sites[pair.*side].output);
  return Session(model_with_outputs(model, values), model, session_options(runtime, false));
}

/// Matched layers that feed each other: `inherited_db` and `is_end`. What is not matched is passed over.
void relate_layers(const Taps& a, const std::vector<TapPair>& pairs, TensorComparison& result) {
  std::unordered_map<std::size_t, std::size_t> rows;  // index of the convolution -> row
  for (std::size_t row = 0; row < pairs.size(); ++row) rows.emplace(pairs[row].a, row);
  result.is_end.assign(pairs.size(), true);
  for (std::size_t row = 0; row < pairs.size(); ++row) {
    auto& layer = result.layers[row];
    for (const auto source : a[pairs[row].a].sources) {
      const auto feeding = rows.find(source);
      if (feeding == rows.end()) continue;
      result.is_end[feeding->second] = false;
      const auto& from = result.layers[feeding->second];
      if (from.is_finite) layer.inherited_db = std::min(layer.inherited_db.value_or(from.sqnr_db), from.sqnr_db);
    }
  }
}

}  // namespace

TensorComparison compare_tensors(const std::filesystem::path& a, const std::filesystem::path& b, std::int64_t images,
                                 const std::function<Tensor(std::int64_t)>& input, const RuntimeOptions& runtime, Progress& progress) {
  const auto taps_a = find_convolutions(a), taps_b = find_convolutions(b);
  TensorComparison result;
  auto pairs = match_by_name(taps_a, taps_b);
  if (pairs.empty()) {
    pairs = match_by_place(taps_a, taps_b);
    result.matched_by_place = true;
  }
  if (pairs.empty())
    throw Error(ErrorKind::input, fmt::format("compare: {} and {}: no convolution has the same name in both ({} and {} of them), and their "
                                              "shapes differ in order; these are not two files of one network",
                                              a.string(), b.string(), taps_a.size(), taps_b.size()));
  result.only_a = names_without(taps_a, pairs, &TapPair::a);
  result.only_b = names_without(taps_b, pairs, &TapPair::b);
  result.images = images;
  std::vector<DriftMeter> meters(pairs.size());
  const auto session_a = open_tapped(a, taps_a, pairs, &TapPair::a, runtime),
             session_b = open_tapped(b, taps_b, pairs, &TapPair::b, runtime);
  progress.begin("compare layers", images);
  for (std::int64_t i = 0; i < images; ++i) {
    throw_if_interrupted();
    const Tensor image = input(i);
    const auto values_a = session_a.run({image}), values_b = session_b.run({image});
    for (std::size_t row = 0; row < pairs.size(); ++row) meters[row].add(taps_a[pairs[row].a].name, values_a[row], values_b[row]);
    progress.step();
  }
  for (std::size_t row = 0; row < pairs.size(); ++row) result.layers.push_back(meters[row].result(taps_a[pairs[row].a].name));
  relate_layers(taps_a, pairs, result);
  progress.end(fmt::format("{} layers on {} images", pairs.size(), images));
  return result;
}

}  // namespace nibble
