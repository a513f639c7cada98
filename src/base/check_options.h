// SPDX-License-Identifier: Apache-2.0
// The ranges of the options in include/nibble, checked where a command begins, whoever calls it.
#pragma once
#include "nibble/nibble.h"

namespace nibble {

/// Error(usage) naming the first number that is out of its range, and the range: "image_size: -3 is out of range; expected 32 to 8192".
/// Not a number is out of every range. The ranges are those of the command line.
void check_options(const RunOptions& options);
void check_options(const ExportOptions& options);
void check_options(const QuantizeOptions& options);
void check_options(const CleanOptions& options);
void check_options(const QatOptions& options);
void check_options(const EvalOptions& options);
void check_options(const ProfileOptions& options);
void check_options(const ScoreOptions& options);
void check_options(const CompareOptions& options);
void check_options(const CalibrationCheckOptions& options);
void check_options(const PredictOptions& options);
void check_options(const ImageDetectorOptions& options);
void check_options(const VerifyOptions& options);
void check_options(const ReplayOptions& options);

}  // namespace nibble
