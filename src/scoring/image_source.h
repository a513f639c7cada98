// SPDX-License-Identifier: Apache-2.0
// Images a network is trained on or judged by, with labels or without.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/coco.h"
#include "scoring/eval_set.h"
#include "yolo/detector.h"

namespace nibble {

struct ImageSource {
  std::filesystem::path data;                ///< a folder, a list of paths, a data.yaml or a COCO file
  std::filesystem::path images;              ///< folder the COCO file's names are relative to
  std::vector<std::filesystem::path> files;  ///< not empty: these, without labels; `data` only names them
  std::string what = "training data";        ///< in messages
  OnBadData on_bad_data = OnBadData::skip_few;
};

/// A data.yaml or a COCO file, by its extension.
bool has_labels(const std::filesystem::path& data);
bool has_labels(const ImageSource& source);
/// Error(usage) for a COCO file without the folder its names are relative to, and for such a folder beside images without labels, which
/// have no use for it.
void require_images_folder(const ImageSource& source);

/// Images without labels get ids 1 to N and the network's classes; of a data.yaml it is the train split. Labels have the
/// network's classes afterwards (data/class_match.h). Error(usage) as require_images_folder, Error(input) where that cannot be, and for bad
/// data that the source's rule forbids.
/// `more` reads what else is wanted of each label.
CocoDataset read_images(const ImageSource& source, const ModelInfo& info, const ObjectReader* more = nullptr);

/// The ids of `count` images, or of all: the first of an order that the seed decides.
std::vector<std::int64_t> draw_ids(const CocoDataset& dataset, std::int64_t count, std::uint64_t seed);

/// The images with these ids, of a source's data set. Error(input) naming the first one whose file is missing.
EvalSet eval_set_of(const CocoDataset& dataset, const std::vector<std::int64_t>& ids, const ImageSource& source);

}  // namespace nibble
