// SPDX-License-Identifier: Apache-2.0
// The images and labels that a model of any task is scored on.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "data/outlines.h"
#include "nibble/options.h"
#include "nibble/task.h"
#include "ort/session.h"
#include "scoring/eval_set.h"
#include "scoring/image_source.h"
#include "yolo/detector.h"

namespace nibble {

/// What of a model decides how its labels are read.
struct TaskForm {
  Task task = Task::detect;
  std::map<std::int64_t, std::string> class_names;
  std::int64_t keypoints = 0;  ///< of a pose model, for each object
};
TaskForm form_of(const ModelInfo& info);
/// By the metadata of a file; Task::detect where they say nothing, and for a task that is none of Task's, which a detector refuses to be.
TaskForm form_of(const Session& session);

/// The selected images, all of which can be read, and what is annotated on them, with EvalSet::truth by the task:
///   detect    boxes: a COCO file or a data.yaml; the embedded images where nothing is named
///   segment   a COCO file with segmentations, or a data.yaml with outlines
///   pose      a COCO file with keypoints, or a data.yaml with keypoints; of the latter 0.53 of a box counts as the area of its object, as
///   in
///             Ultralytics
///   obb       a data.yaml with "class x1 y1 x2 y2 x3 y3 x4 y4", of which the smallest rectangle around the corners counts; or a COCO file
///             with `rbox` as write_truth writes it
///   classify  a folder with a folder of images for each class (data/class_folders.h), the class as the category of one annotation of each
///             image; or a COCO file as write_truth writes it
/// Errors as open_eval_set, require_readable and read_class_folders; Error(usage) where something that the task needs is not named.
EvalSet open_task_set(const TaskForm& form, const DataOptions& options, int threads);
/// The same without images, so that classes have to be a COCO file. `all` gets the data set with all its images.
EvalSet open_task_annotations(const TaskForm& form, const DataOptions& options, CocoDataset* all);

/// What a data set says of its objects beside boxes, as it is read, by CocoAnnotation::entry; empty where the task has no such thing.
struct ReadTruth {
  std::vector<Outline> outlines;
  std::vector<Pose> poses;
  std::vector<OrientedBox> oriented;
};

/// Images that a network of any task is trained on or judged by.
struct TaskImages {
  Task task = Task::detect;
  CocoDataset dataset;
  ReadTruth truth;
  bool has_labels = false;
};
/// As read_images, with what the labels say of the task. Labels of a classifier are folders of images, one for each class, or a folder
/// whose `train` has them; any other folder holds images without labels. Error(usage) for a data.yaml or a COCO file with a classifier.
TaskImages read_task_images(const ImageSource& source, const ModelInfo& info);
/// Those with these ids. Errors as eval_set_of, Error(input) for an outline that cannot be a mask.
EvalSet task_set_of(const TaskImages& images, const std::vector<std::int64_t>& ids, const ImageSource& source);

/// Writes data set and truth as a COCO file that open_task_set reads back as the same. Errors as write_file.
void write_truth(const std::filesystem::path& path, const EvalSet& set);

}  // namespace nibble
