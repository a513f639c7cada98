// SPDX-License-Identifier: Apache-2.0
// The images and annotations a model is scored on.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/coco.h"
#include "eval/task_numbers.h"
#include "nibble/options.h"

namespace nibble {

struct EvalSet {
  CocoDataset dataset;                   ///< the selected images only
  std::vector<std::int64_t> all_images;  ///< ids of the whole file, ascending
  std::filesystem::path images_dir;      ///< empty: file names are complete paths
  std::string annotations_name;          ///< as the user gave it, or "assets/..." for the embedded default; empty: class folders
  std::string images_name;
  std::string annotations_sha256;
  TaskTruth truth = {};  ///< what the data set says beside boxes and classes
};

/// The embedded 32 images when `options` names neither images nor annotations. Error(usage) when only one is given and the
/// other is needed. `more` reads what else is wanted of each annotation (data/object_reader.h); the embedded data set is not used then.
EvalSet open_eval_set(const DataOptions& options, const ObjectReader* more = nullptr);

/// The annotations alone (score needs no images). `all` gets the data set with all its images.
EvalSet open_annotations(const DataOptions& options, CocoDataset* all = nullptr, const ObjectReader* more = nullptr);

/// Reads every image once and, as DataOptions::on_bad_data says (empty: stop), stops or leaves out those that are missing, cannot be read
/// or have another size than the annotations say. Errors as require_images and settle_bad_data.
void require_readable(EvalSet& set, const std::string& on_bad_data, int threads);

/// Those of the selected images. Error(input) naming the first detection of an image that the annotations do not have at all:
/// it belongs to another data set.
Findings findings_of(const EvalSet& set, const Findings& findings);

/// Error(input) naming the first image file that is missing.
void require_images(const EvalSet& set);
std::filesystem::path image_path(const EvalSet& set, const CocoImage& image);
/// Of all selected images, in order.
std::vector<std::filesystem::path> image_paths(const EvalSet& set);

/// Of what the labels of the selected images say, as it was read: categories, and of each annotation its image, category, box, area and
/// whether it is a crowd, with its mask, keypoints or oriented box. Files that say the same in another way have the same hash.
std::string labels_sha256(const EvalSet& set);

/// {annotations, annotations_sha256, images, count, ids_sha256, labels_sha256}: for manifests and keys.
Json describe(const EvalSet& set);

}  // namespace nibble
