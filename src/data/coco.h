// SPDX-License-Identifier: Apache-2.0
// Data sets: COCO instances_*.json, Ultralytics data.yaml with txt labels, folders and lists of images.
// COCO format: cocodataset.org "data format", object detection.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/bad_data.h"

namespace nibble {

struct ObjectReader;

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;      ///< relative to the folder of images; where the file is for data sets read from a data.yaml
  std::int64_t width_px = 0;  ///< 0 where the file does not say
  std::int64_t height_px = 0;
  std::string key = {};  ///< the id as the file has it, where that is a text and no number; empty otherwise
};
struct CocoAnnotation {
  std::int64_t id = 0;
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  std::array<double, 4> box_xywh_px{};
  double area_px2 = 0;    ///< of the outline in COCO's own files, not of the box
  bool is_crowd = false;  ///< iscrowd; false where the file does not say
  bool ignore = false;    ///< as in the file; pycocotools overwrites it by iscrowd, so the metrics do not look at it
  std::size_t entry = 0;  ///< position among all annotations that were read, by which what else was read of it is found
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
  std::vector<BadDatum> bad = {};           ///< what was left out, images with all they hold
};

/// Whether its image ids are numbers that reading it gave, and no words of the files: of a data.yaml with names that are not all different
/// numbers.
bool has_made_ids(const CocoDataset& dataset);

/// The texts that stand for images, by their ids, in files that belong to the data set: those that it has for ids itself, and where its ids
/// were made, names of files, with their folders where several have one name. Empty where numbers stand for all.
std::map<std::int64_t, std::string> text_ids(const CocoDataset& dataset);

/// Needs images [id, file_name], annotations [image_id, category_id, bbox], categories [id, name]; reads width, height, area, iscrowd,
/// ignore; passes over the rest (segmentations) without keeping it. Where people's files differ from COCO's own, this is assumed and said
/// once in the log: without `area` it is the box's; image ids that are texts are numbered (the number they spell, else 1..N in file
/// order); annotations are numbered anew where an id is missing or 0, which pycocotools never counts as found; '\\' in file names is '/'.
/// Error(input) naming file, path in the file and the offending value: malformed JSON, missing key, wrong type, image or category id that
/// stands twice. What is wrong with a single image or annotation (negative size, unknown image or category) is bad data (data/bad_data.h):
/// its image is left out or the error names all. Annotation ids other than 0 may repeat, as in pycocotools.
/// `more` reads what else is wanted of each annotation (data/object_reader.h).
CocoDataset read_coco(const std::filesystem::path& instances_json, OnBadData rule = OnBadData::stop, const ObjectReader* more = nullptr);
/// data.yaml with YOLO txt labels (folder images -> labels, else beside the image), laid out as data/yolo_layout.h says;
/// ids are the file stems when all are numeric and differ, else 1..N by name; category ids are the class numbers. Lines that
/// stand twice in a label file count once, an image without label file is background, as in Ultralytics; where no image has one, the log
/// warns. `split` is "train" or "val". Decodes every image once for its size. Error(input) naming file and line or key; an image or label
/// file that cannot be read is bad data.
CocoDataset read_yolo(const std::filesystem::path& data_yaml, const std::string& split, OnBadData rule = OnBadData::stop,
                      const ObjectReader* more = nullptr);
/// Calls read_coco for a .json file and read_yolo for a .yaml or .yml one. Error(input) for any other extension, and for one that `more`
/// does not read.
CocoDataset read_dataset(const std::filesystem::path& path, const std::string& split = "val", OnBadData rule = OnBadData::stop,
                         const ObjectReader* more = nullptr);

/// Where the file of an image is: `folder` / file_name; the file_name alone for a data.yaml, which says itself where its images are.
std::filesystem::path image_file(const CocoDataset& dataset, const CocoImage& image, const std::filesystem::path& folder);
/// Error(input) for a folder of images that is a file, or not there.
void require_image_folder(const std::filesystem::path& folder);
/// For images that are not in `folder` under the file names of a COCO file: the names are cut from the left until they are
/// ("val2017/1.jpg" in the folder val2017, "/elsewhere/1.jpg"), and that is said once in the log. Names for which nothing is found, or
/// the same file as for another, stay. Error(input) for a folder that holds no image at all.
/// A data.yaml says itself where its images are: Error(usage) where one of them is not in `folder`, and as require_image_folder.
void place_images(CocoDataset& dataset, const std::filesystem::path& folder);

/// Takes out the images whose files are missing, cannot be decoded or have another size than the data set says, and adds them to `bad`.
/// Errors as settle_bad_data.
void leave_out_bad_images(CocoDataset& dataset, const std::filesystem::path& folder, OnBadData rule, int threads = 0);

/// Which images: all, the first N by ascending id, or an explicit list of ids or names.
struct ImageSelection {
  std::optional<std::int64_t> max_images;
  std::vector<std::int64_t> ids;        ///< empty: no restriction; with max_images, the first N of these
  std::vector<std::string> names = {};  ///< the same as texts: ids, file names, or file names without extension
};
/// One image per line: an id, or a file name with or without folder and extension; '#' comments. Error(input) for an empty list.
std::vector<std::string> read_image_names(const std::filesystem::path& list);
/// Error(input) naming ids or names that the data set does not have, or that stand for several images; keeps ascending id order.
/// Annotations follow their images.
CocoDataset select_images(const CocoDataset& dataset, const ImageSelection& selection);

/// Image files of a folder (with the folders in it; by name, hidden ones left out) or of a list file, at most `limit` (0: all). A list has
/// one path per line, relative to the list or else to `root` or the working directory, with either separator; a line that begins with '#'
/// is a comment, and what follows " #" is one unless a file is called so. Error(input) for an empty folder; a missing file of a list is
/// one too, or, with `bad`, is added there.
std::vector<std::filesystem::path> list_image_files(const std::filesystem::path& folder_or_list, std::int64_t limit = 0,
                                                    std::vector<BadDatum>* bad = nullptr, const std::filesystem::path& root = {});

}  // namespace nibble
