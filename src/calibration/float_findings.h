// SPDX-License-Identifier: Apache-2.0
// What the float network finds on sets of images, looked at once however many recipes ask.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "eval/findings.h"
#include "scoring/eval_set.h"

namespace nibble {

/// Of one float network, with the default thresholds. Kept by the caller from one recipe to the next, in memory.
class FloatFindings {
 public:
  /// What `look` returns, which is called for a set once: sets are the same where the files of their images, ids, sizes, categories and
  /// task are. The reference holds as long as this object.
  const Findings& on(const EvalSet& images, const std::function<Findings()>& look);

 private:
  std::map<std::string, Findings> found_;  ///< by a hash of the set
};

}  // namespace nibble
