// SPDX-License-Identifier: Apache-2.0
// Finds the model in a checkpoint and reads its two descriptions: the yaml that it was made from, and its modules.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "yolo/module_view.h"

namespace nibble {

/// One entry of the model's layer list.
struct Layer {
  Module module;
  std::vector<std::int64_t> from;  ///< as stored: -1 is the layer before
  std::string yaml;                ///< its line of the yaml; empty where the yaml has none
};

struct ModelSource {
  Module model;
  std::string taken_from;  ///< "ema", "model", or "the file itself" where the model was saved alone
  std::vector<Layer> layers;
  std::string family;                               ///< "yolov8", "yolo11"; from the yaml's file name, empty when it does not say
  std::string scale;                                ///< "n", "s", ... as the yaml says; empty where it does not
  std::map<std::int64_t, std::string> class_names;  ///< as stored; numbers for names when there are none
};

/// Takes `ema` where it is set, else `model`, else the model that the file itself is, also within DataParallel and other wrappers that
/// programs put around one. Error(input) for a state dict, where neither is there, or where it has no list of layers.
ModelSource find_model(const Checkpoint& checkpoint);

/// Error(input) unless yaml and modules agree on the number of layers and what each reads from, and head and names on the number of
/// classes. Warns where the yaml names another class of module or another number of classes: they were changed after it was made from it.
void require_consistent(const Checkpoint& checkpoint, const ModelSource& source);

}  // namespace nibble
