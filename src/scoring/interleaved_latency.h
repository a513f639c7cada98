// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "base/progress.h"
#include "nibble/report.h"
#include "ort/session.h"

namespace nibble {

/// Times of sessions that take turns, run by run, after `warmup` rounds: what else the machine does, and how warm it gets, hits
/// all of them alike, so that ratios hold where times do not. `inputs` by session.
std::vector<Latency> measure_interleaved(const std::vector<const Session*>& sessions, const std::vector<Tensor>& inputs,
                                         std::int64_t warmup, std::int64_t runs, Progress& progress);

}  // namespace nibble
