// SPDX-License-Identifier: Apache-2.0
#include "base/locations.h"

#include <mutex>

namespace nibble {
namespace {

struct SharedLocations {
  std::mutex mutex;
  Locations chosen;
};

SharedLocations& shared() {
  static SharedLocations instance;
  return instance;
}

}  // namespace

void choose_locations(const Locations& locations) {
  const std::lock_guard lock(shared().mutex);
  shared().chosen = locations;
}

Locations chosen_locations() {
  const std::lock_guard lock(shared().mutex);
  return shared().chosen;
}

}  // namespace nibble
