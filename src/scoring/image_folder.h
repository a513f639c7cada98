// SPDX-License-Identifier: Apache-2.0
// Images without annotations as a data set, for commands that need none.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scoring/eval_set.h"

namespace nibble {

/// Files of a folder (by name) or of a list, at most `limit`; ids 1, 2, ... in this order, category k is class k of the model.
/// Error(input) as list_image_files.
EvalSet open_image_folder(const std::filesystem::path& images, std::optional<std::int64_t> limit, std::int64_t class_count,
                          const std::map<std::int64_t, std::string>& class_names);

/// The same for files that were found already; `source` names them in messages.
EvalSet image_set_of(const std::vector<std::filesystem::path>& files, const std::filesystem::path& source, std::int64_t class_count,
                     const std::map<std::int64_t, std::string>& class_names);

}  // namespace nibble
