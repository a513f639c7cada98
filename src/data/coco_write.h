// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>

#include "base/json.h"
#include "data/coco.h"

namespace nibble {

/// Writes an instances file that read_coco reads back as the same images, annotations and categories, in the same order and with the same
/// numbers; image ids are numbers also where the source had texts. `more` adds fields to the JSON of an annotation, such as an ObjectReader
/// reads. Errors as write_file.
void write_coco(const std::filesystem::path& path, const CocoDataset& dataset,
                const std::function<void(const CocoAnnotation&, Json&)>& more = {});

}  // namespace nibble
