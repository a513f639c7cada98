// SPDX-License-Identifier: Apache-2.0
// Data that comes with the program: recipes, the embedded default (assets).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nibble {

/// Path of `relative` ("recipes", "assets/yolov10n.pt"): in ../../share/nibble of libnibble_base.so's folder
/// (installed), or, for a library that still lies in its build folder, in the source tree it was built from. Error(environment) naming the
/// places tried.
std::filesystem::path shared_data(const std::string& relative);

/// Where shared_data looks for a library in `library_folder`, in order: in the folder that set_locations named, else as above.
std::vector<std::filesystem::path> shared_data_places(const std::string& relative, const std::filesystem::path& library_folder);

/// Whether it is the folder this library was built in. Only there may paths of the source tree be used: an installed
/// one must not depend on the machine it was built on.
bool is_build_folder(const std::filesystem::path& folder);

}  // namespace nibble
