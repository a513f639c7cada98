// SPDX-License-Identifier: Apache-2.0
#include "yolo/foreign_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace nibble {
namespace {

constexpr std::string_view kSupported = "nibble reads YOLOv3u to YOLO26 of Ultralytics and YOLOv9 of its own repository";
constexpr std::string_view kTrain = "train one of these on your data";
constexpr std::string_view kOwnExport = "train one of these on your data, or export it with Ultralytics";

struct Family {
  std::string_view package;  ///< the first part of the module's name
  std::string_view part;     ///< of the class name; empty: any
  std::string_view what;
  std::string_view advice;
};

constexpr std::array kFamilies{
    Family{"ultralytics", "RTDETR", "this is RT-DETR, a transformer with object queries", kOwnExport},
    Family{"ultralytics", "World", "this is YOLO-World, which takes its classes from texts", kOwnExport},
    Family{"ultralytics", "YOLOE", "this is YOLOE, which takes its classes from texts or pictures", kOwnExport},
    Family{"ultralytics", "SAM", "this is SAM, which segments what a prompt points at", kOwnExport},
    Family{"super_gradients", "", "this is YOLO-NAS (or another model) of super-gradients", kTrain},
    Family{"yolov6", "", "this is YOLOv6 of Meituan's repository", "train Ultralytics' yolov6n.yaml or one of these on your data"},
    Family{"yolox", "", "this is YOLOX", kTrain},
    Family{"mmdet", "", "this is a model of OpenMMLab", kTrain},
    Family{"mmyolo", "", "this is a model of OpenMMLab", kTrain},
    Family{"models", "IDetect", "this is YOLOv7 of its own repository, whose head has anchors", kTrain},
    Family{"models", "IAuxDetect", "this is YOLOv7 of its own repository, whose head has anchors", kTrain},
    Family{"models", "IKeypoint", "this is YOLOv7-pose of its own repository, whose head has anchors", kTrain},
    Family{"models", "IBin", "this is YOLOv7 of its own repository, whose head has anchors", kTrain},
};

constexpr std::string_view kAnchors = "its head has anchors, as those of YOLOv5's and YOLOv7's own repositories have";
constexpr std::string_view kAnchorFree =
    "take the form without anchors that Ultralytics trains (yolov5nu.pt to yolov5xu.pt) or another of these";

std::optional<Family> family_of(const Module& module) {
  const auto name = module.class_name();
  const auto package = std::string_view(name).substr(0, name.find('.'));
  const auto found = std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& family) {
    return package == family.package && module.short_class().find(family.part) != std::string::npos;
  });
  return found == kFamilies.end() ? std::nullopt : std::optional(*found);
}

/// The last layer; nothing where the model has no list of layers.
std::optional<Module> head_of(const Module& model) {
  const auto layers = model.find("_modules") == nullptr ? std::nullopt : model.find_child("model");
  if (!layers || layers->find("_modules") == nullptr) return std::nullopt;
  auto modules = layers->children();
  return modules.empty() ? std::nullopt : std::optional(modules.back());
}

[[noreturn]] void refuse(const Module& module, std::string_view what, std::string_view advice) {
  module.fail(ErrorKind::unsupported, fmt::format("{}; {}; {}", what, kSupported, advice));
}

bool has_anchors(const Module& head) {
  const bool is_foreign = head.class_key().starts_with("models.");
  return is_foreign && head.find("reg_max") == nullptr && (head.find("na") != nullptr || head.find("anchors") != nullptr);
}

}  // namespace

void require_family(const Module& model) {
  if (const auto family = family_of(model)) refuse(model, family->what, family->advice);
  const auto head = head_of(model);
  if (!head) return;
  if (const auto family = family_of(*head)) refuse(*head, family->what, family->advice);
  if (has_anchors(*head)) refuse(*head, kAnchors, kAnchorFree);
}

std::string explain_foreign_tensors(const PickleDict& tensors) {
  struct Prefix {
    std::string_view name;
    std::string_view what;
  };
  constexpr std::array kPrefixes{
      Prefix{"image_encoder.", "is a state dict of SAM, which segments what a prompt points at"},
      Prefix{"backbone.backbone.", "is a state dict of YOLOX"},
  };
  for (const auto& [key, value] : tensors.items)
    for (const auto& prefix : kPrefixes)
      if (const auto* name = key->get_if<std::string>(); name != nullptr && name->starts_with(prefix.name))
        return fmt::format("{}; {}; {}", prefix.what, kSupported, kTrain);
  return {};
}

}  // namespace nibble
