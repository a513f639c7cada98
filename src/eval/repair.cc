// SPDX-License-Identifier: Apache-2.0
#include "eval/repair.h"

#include <optional>

#include "base/progress.h"
#include "eval/coco_map.h"

namespace nibble {
namespace {

constexpr std::size_t kSubsets = std::size_t{1} << kChanges;

bool holds(Repairs kinds, Change change) { return kinds.test(static_cast<std::size_t>(change)); }

Detection repaired(const Detection& a, Detection b, const DetectionPair& pair, Repairs kinds) {
  if (holds(kinds, Change::location)) b.box_xywh_px = a.box_xywh_px;
  if (holds(kinds, pair.is_class_change ? Change::wrong_class : Change::score)) b.score = a.score;
  if (holds(kinds, Change::wrong_class)) b.category_id = a.category_id;
  return b;
}

SizedMap map_of(const CocoDataset& truth, const std::vector<Detection>& detections, int threads) {
  const auto metrics = evaluate_coco(truth, detections, threads);
  return {metrics.map_50_95, metrics.map_small, metrics.map_medium, metrics.map_large};
}

/// Orders in which `size` kinds come before this one, as a fraction: size! (n - size - 1)! / n!.
double weight_of(std::size_t size) {
  constexpr std::array<double, kChanges + 1> kFactorial = {1, 1, 2, 6, 24, 120};
  return kFactorial.at(size) * kFactorial.at(kChanges - size - 1) / kFactorial.back();
}

double shapley(const std::array<SizedMap, kSubsets>& maps, std::size_t kind, double SizedMap::*field) {
  double value = 0;
  for (std::size_t subset = 0; subset < kSubsets; ++subset) {
    const Repairs before(subset);
    if (before.test(kind)) continue;
    value += weight_of(before.count()) * (maps[subset | (std::size_t{1} << kind)].*field - maps[subset].*field);
  }
  return value;
}

}  // namespace

std::vector<Detection> repair(const std::vector<Detection>& a, const std::vector<Detection>& b, const Pairing& pairing, Repairs kinds) {
  if (kinds.none()) return b;
  // In A's order: among equal scores the order decides what counts as found first.
  std::vector<std::optional<Detection>> in_order(a.size());
  for (const auto& pair : pairing.pairs) in_order[pair.a] = repaired(a[pair.a], b[pair.b], pair, kinds);
  if (holds(kinds, Change::missed))
    for (const auto i : pairing.only_a) in_order[i] = a[i];
  std::vector<Detection> result;
  for (const auto& detection : in_order)
    if (detection) result.push_back(*detection);
  if (!holds(kinds, Change::extra))
    for (const auto i : pairing.only_b) result.push_back(b[i]);
  return result;
}

RepairStudy study_repairs(const CocoDataset& truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                          const Pairing& pairing, int threads) {
  std::array<SizedMap, kSubsets> maps;
  for (std::size_t subset = 0; subset < kSubsets; ++subset) {
    throw_if_interrupted();
    maps[subset] = map_of(truth, repair(a, b, pairing, Repairs(subset)), threads);
  }
  RepairStudy study{maps.back(), maps.front(), {}};
  for (std::size_t kind = 0; kind < kChanges; ++kind) {
    const auto cost = [&](double SizedMap::*field) { return shapley(maps, kind, field); };
    study.changes[kind] = {static_cast<Change>(kind),
                           maps[std::size_t{1} << kind],
                           {cost(&SizedMap::all), cost(&SizedMap::small), cost(&SizedMap::medium), cost(&SizedMap::large)}};
  }
  return study;
}

}  // namespace nibble
