// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "data/keyed_random.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// First part of the key, so that order and samples draw from sequences of their own.
enum class Purpose : std::uint64_t { order = 1, sample = 2 };

KeyedRandom random_for(Purpose purpose, std::uint64_t seed, std::int64_t epoch, std::int64_t index) {
  return KeyedRandom({static_cast<std::uint64_t>(purpose), seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(index)});
}

void check(const AugmentOptions& options) {
  const std::array<std::pair<const char*, double>, 7> all = {{{"mosaic", options.mosaic},
                                                              {"flip", options.flip},
                                                              {"scale", options.scale},
                                                              {"translate", options.translate},
                                                              {"hue", options.hue},
                                                              {"saturation", options.saturation},
                                                              {"brightness", options.brightness}}};
  for (const auto& [name, value] : all)
    if (!(value >= 0 && value <= 1))
      throw Error(ErrorKind::usage, fmt::format("augmentation: {}: {} is out of range; give 0 (none) to 1", name, value));
  if (options.scale == 1) throw Error(ErrorKind::usage, "augmentation: scale: 1 shrinks images to nothing; give less than 1");
}

}  // namespace

SamplePlan draw_sample(const AugmentOptions& options, std::int64_t images, std::uint64_t seed, std::int64_t epoch, std::int64_t index) {
  check(options);
  KeyedRandom random = random_for(Purpose::sample, seed, epoch, index);
  SamplePlan plan;
  plan.images = {index};
  if (random.unit() < options.mosaic) {
    for (int partner = 0; partner < 3; ++partner) plan.images.push_back(random.below(images));
    for (double& part : plan.join) part = random.between(0.5, 1.5);
  }
  plan.scale = random.between(1 - options.scale, 1 + options.scale);
  for (double& part : plan.centre) part = random.between(0.5 - options.translate, 0.5 + options.translate);
  plan.flip = random.unit() < options.flip;
  plan.colour.hue = random.between(-options.hue, options.hue);
  plan.colour.saturation = random.between(-options.saturation, options.saturation);
  plan.colour.brightness = random.between(-options.brightness, options.brightness);
  return plan;
}

std::vector<std::int64_t> draw_order(std::int64_t images, std::uint64_t seed, std::int64_t epoch) {
  KeyedRandom random = random_for(Purpose::order, seed, epoch, 0);
  std::vector<std::int64_t> order(static_cast<std::size_t>(images));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t last = order.size(); last > 1; --last)  // Fisher-Yates
    std::swap(order[last - 1], order[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(last)))]);
  return order;
}

}  // namespace nibble
