// SPDX-License-Identifier: Apache-2.0
#include "eval/coco_match.h"

#include <algorithm>
#include <span>

namespace nibble::coco {
namespace {

struct Overlap {
  std::size_t truth;
  double value;
};

/// The best candidates with, for each, the truths it overlaps enough for the lowest threshold, in file order.
struct Scene {
  const std::vector<Truth>& truths;
  std::vector<Candidate> candidates;
  std::vector<std::vector<Overlap>> overlaps;
};

std::vector<Candidate> best_first(std::vector<Candidate> candidates, std::size_t most) {
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  candidates.resize(std::min(candidates.size(), most));
  return candidates;
}

Scene survey(const std::vector<Truth>& truths, const std::vector<Candidate>& candidates, const Measure* measure) {
  Scene scene{truths, best_first(candidates, measure ? measure->most_detections : kMaxDetections), {}};
  scene.overlaps.resize(scene.candidates.size());
  const double lowest = overlap_thresholds().front();
  for (std::size_t d = 0; d < scene.candidates.size(); ++d)
    for (std::size_t g = 0; g < truths.size(); ++g) {
      const double value = measure ? measure->overlap(scene.candidates[d].index, truths[g].index)
                                   : overlap_of(scene.candidates[d].box_xywh_px, truths[g].box_xywh_px, truths[g].is_crowd);
      if (value >= lowest) scene.overlaps[d].push_back({g, value});
    }
  return scene;
}

constexpr std::size_t kNone = SIZE_MAX;

/// The free truth with the largest overlap of at least `threshold` (ties: the last) among those whose ignored flag is
/// `ignored`.
std::size_t best_truth(const std::vector<Overlap>& overlaps, const std::vector<Truth>& truths, const std::vector<char>& is_taken,
                       const std::vector<char>& ignored_flags, bool ignored, double threshold) {
  std::size_t best = kNone;
  double least = std::min(threshold, 1 - 1e-10);
  for (const auto& [g, value] : overlaps) {
    if (static_cast<bool>(ignored_flags[g]) != ignored || (is_taken[g] && !truths[g].is_crowd) || value < least) continue;
    least = value;
    best = g;
  }
  return best;
}

void match_at(const Scene& scene, const std::vector<char>& ignored_flags, double threshold, std::uint64_t bit,
              std::span<Outcome> outcomes) {
  std::vector<char> is_taken(scene.truths.size());
  for (std::size_t d = 0; d < outcomes.size(); ++d) {
    if (scene.overlaps[d].empty()) continue;
    auto g = best_truth(scene.overlaps[d], scene.truths, is_taken, ignored_flags, false, threshold);
    if (g == kNone) g = best_truth(scene.overlaps[d], scene.truths, is_taken, ignored_flags, true, threshold);
    if (g == kNone) continue;
    is_taken[g] = 1;
    if (scene.truths[g].counts_when_found) outcomes[d].found |= bit;
    if (ignored_flags[g]) outcomes[d].ignored |= bit;
  }
}

/// What found nothing and is itself outside the area range is no false alarm there.
void ignore_outsiders(const Scene& scene, std::span<Outcome> outcomes, const Measure* measure) {
  constexpr std::uint64_t kAllThresholds = bit_of(0, kThresholds) - 1;
  for (std::size_t d = 0; d < outcomes.size(); ++d) {
    const auto& box = scene.candidates[d].box_xywh_px;
    const double area = measure && measure->area_px2 ? measure->area_px2(scene.candidates[d].index) : box[2] * box[3];
    for (std::size_t a = 0; a < kAreas; ++a)
      if (!kAreaRanges[a].holds(area)) outcomes[d].ignored |= (kAllThresholds << (a * kThresholds)) & ~outcomes[d].found;
  }
}

void match_areas(const Scene& scene, std::span<Outcome> outcomes) {
  static const auto thresholds = overlap_thresholds();
  for (std::size_t a = 0; a < kAreas; ++a) {
    std::vector<char> ignored_flags;
    for (const auto& truth : scene.truths) ignored_flags.push_back(is_ignored(truth, kAreaRanges[a]));
    for (std::size_t t = 0; t < kThresholds; ++t) match_at(scene, ignored_flags, thresholds[t], bit_of(a, t), outcomes);
  }
}

}  // namespace

std::array<double, kThresholds> overlap_thresholds() {
  constexpr double kFirst = 0.5, kLast = 0.95;
  const double step = (kLast - kFirst) / (kThresholds - 1);
  std::array<double, kThresholds> thresholds{};
  for (std::size_t i = 0; i + 1 < kThresholds; ++i) thresholds[i] = static_cast<double>(i) * step + kFirst;
  thresholds.back() = kLast;
  return thresholds;
}

double overlap_of(const std::array<double, 4>& d, const std::array<double, 4>& g, bool is_crowd) {
  const double width = std::min(d[2] + d[0], g[2] + g[0]) - std::max(d[0], g[0]);
  const double height = std::min(d[3] + d[1], g[3] + g[1]) - std::max(d[1], g[1]);
  if (width <= 0 || height <= 0) return 0;
  const double inter = width * height, own = d[2] * d[3];
  return inter / (is_crowd ? own : own + g[2] * g[3] - inter);
}

bool is_ignored(const Truth& truth, const AreaRange& range) { return truth.is_crowd || truth.is_void || !range.holds(truth.area_px2); }

void match_image(const std::vector<Truth>& truths, const std::vector<Candidate>& candidates, std::vector<Outcome>& outcomes,
                 const Measure* measure) {
  const Scene scene = survey(truths, candidates, measure);
  const std::size_t first = outcomes.size();
  for (std::size_t d = 0; d < scene.candidates.size(); ++d)
    outcomes.push_back({scene.candidates[d].score, static_cast<std::uint32_t>(d), 0, 0, 0});
  const std::span<Outcome> mine(outcomes.data() + first, scene.candidates.size());
  const bool is_any = std::any_of(scene.overlaps.begin(), scene.overlaps.end(), [](const auto& list) { return !list.empty(); });
  if (is_any) match_areas(scene, mine);
  ignore_outsiders(scene, mine, measure);
}

}  // namespace nibble::coco
