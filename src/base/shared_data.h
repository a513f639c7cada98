// SPDX-License-Identifier: Apache-2.0
// Data that comes with the program: recipes, the embedded default (assets).
#pragma once
#include <filesystem>
#include <string>

namespace nibble {

/// Path of `relative` ("recipes", "assets/yolov10n.pt"): first in ../share/nibble of the executable (installed), then in
/// the source tree the program was built from. Error(environment) naming both when neither has it.
std::filesystem::path shared_data(const std::string& relative);

}  // namespace nibble
