// SPDX-License-Identifier: Apache-2.0
// Data sets: COCO instances_*.json, Ultralytics data.yaml with txt labels, folders and lists of images.
// COCO format: cocodataset.org "data format", object detection.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nibble {

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;      ///< relative to the folder of images; a full path for data sets read from a data.yaml
  std::int64_t width_px = 0;  ///< 0 where the file does not say
  std::int64_t height_px = 0;
};
struct CocoAnnotation {
  std::int64_t id = 0;
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  std::array<double, 4> box_xywh_px{};
  double area_px2 = 0;    ///< of the outline in COCO's own files, not of the box
  bool is_crowd = false;  ///< iscrowd; false where the file does not say
  bool ignore = false;    ///< as in the file; pycocotools overwrites it by iscrowd, so the metrics do not look at it
};
struct CocoCategory {
  std::int64_t id = 0;
  std::string name;
};
struct CocoDataset {
  std::filesystem::path source;
  std::vector<CocoImage> images;            ///< ascending id
  std::vector<CocoAnnotation> annotations;  ///< file order
  std::vector<CocoCategory> categories;     ///< ascending id; class k of a detector is categories[k]
};

/// Needs images [id, file_name], annotations [id, image_id, category_id, bbox, area], categories [id, name]; reads width,
/// height, iscrowd, ignore; passes over the rest (segmentations) without keeping it. Error(input) naming file, path in the
/// file and the offending value: malformed JSON, missing key, wrong type, negative size, image or category id that stands
/// twice, annotation of an unknown image or category. Annotation ids may repeat, as in pycocotools.
CocoDataset read_coco(const std::filesystem::path& instances_json);
/// data.yaml (path, val or train: a folder, a list file or several, names) with YOLO txt labels (folder images -> labels);
/// ids are the file stems when all are numeric and differ, else 1..N by name; category ids are the class numbers. Lines that
/// stand twice in a label file count once, an image without label file is background, as in Ultralytics. A relative `path`
/// starts at the yaml's folder. `split` is "train" or "val". Decodes every image once for its size. Error(input) naming file
/// and line or key.
CocoDataset read_yolo(const std::filesystem::path& data_yaml, const std::string& split);
/// Calls read_coco for a .json file and read_yolo for a .yaml or .yml one. Error(input) for any other extension.
CocoDataset read_dataset(const std::filesystem::path& path, const std::string& split = "val");

/// Which images: all, the first N by ascending id, or an explicit list of ids.
struct ImageSelection {
  std::optional<std::int64_t> max_images;
  std::vector<std::int64_t> ids;  ///< empty: no restriction; with max_images, the first N of these
};
/// One id per line (or a file name whose stem is a number), '#' comments. Error(input) naming file and line.
std::vector<std::int64_t> read_image_ids(const std::filesystem::path& list);
/// Error(input) naming ids that the data set does not have; keeps ascending id order. Annotations follow their images.
CocoDataset select_images(const CocoDataset& dataset, const ImageSelection& selection);

/// Image files of a folder (by name) or of a list file (one path per line, relative to the list, '#' comments), at most
/// `limit` (0: all). Error(input) for an empty folder or a missing file.
std::vector<std::filesystem::path> list_image_files(const std::filesystem::path& folder_or_list, std::int64_t limit = 0);

}  // namespace nibble
