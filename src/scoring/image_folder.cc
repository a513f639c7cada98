// SPDX-License-Identifier: Apache-2.0
#include "scoring/image_folder.h"

#include <fmt/format.h>

namespace nibble {

EvalSet open_image_folder(const std::filesystem::path& images, std::optional<std::int64_t> limit, std::int64_t class_count,
                          const std::map<std::int64_t, std::string>& class_names) {
  return image_set_of(list_image_files(images, limit.value_or(0)), images, class_count, class_names);
}

EvalSet image_set_of(const std::vector<std::filesystem::path>& files, const std::filesystem::path& source, std::int64_t class_count,
                     const std::map<std::int64_t, std::string>& class_names) {
  EvalSet set;
  set.dataset.source = source;
  for (const auto& file : files) {
    const auto id = static_cast<std::int64_t>(set.dataset.images.size()) + 1;
    set.dataset.images.push_back({id, file.string(), 0, 0});
    set.all_images.push_back(id);
  }
  for (std::int64_t k = 0; k < class_count; ++k) {
    const auto name = class_names.find(k);
    set.dataset.categories.push_back({k, name == class_names.end() ? fmt::format("class {}", k) : name->second});
  }
  set.images_name = source.string();
  return set;
}

}  // namespace nibble
