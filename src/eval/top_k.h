// SPDX-License-Identifier: Apache-2.0
// How often a classifier is right: Ultralytics' ClassifyMetrics.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "nibble/evaluate.h"

namespace nibble {

/// How many classes rank before `label`: those with a larger probability, and of equal ones those with a lower number. Error(numeric) where
/// a probability is not finite.
std::int64_t rank_of(std::span<const float> probabilities, std::int64_t label);

/// Counts images one by one.
class TopKMeter {
 public:
  /// `names`: of the classes; one that has none is called by its number.
  explicit TopKMeter(std::map<std::int64_t, std::string> names) : names_(std::move(names)) {}
  void add(std::int64_t label, std::int64_t rank);
  ClassificationMetrics result() const;

 private:
  struct Count {
    std::int64_t images = 0, first = 0, among_five = 0;
  };
  std::map<std::int64_t, std::string> names_;
  std::map<std::int64_t, Count> counts_;  ///< by class
};

}  // namespace nibble
