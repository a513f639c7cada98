// SPDX-License-Identifier: Apache-2.0
#include "yolo/foreign_models.h"

#include "ckpt/archive_builder.h"
#include "support/scratch.h"
#include "yolo/detector.h"

namespace nibble {
namespace {

using namespace test;  // the opcodes of archive_builder.h

struct Foreign {
  std::string model;  ///< "models.yolo.Model"
  std::string head;   ///< the class of its one layer
  NamedCodes head_attributes;
  std::vector<std::string> parts;
};
void PrintTo(const Foreign& foreign, std::ostream* out) { *out << foreign.model << " " << foreign.head; }

Code instance(const std::string& type, const NamedCodes& attributes, const NamedCodes& children = {}) {
  const auto dot = type.rfind('.');
  return module(type.substr(0, dot), type.substr(dot + 1), attributes, {}, {}, children);
}

class ForeignModels : public testing::TestWithParam<Foreign> {};

TEST_P(ForeignModels, AreNamedWithWhatToDo) {
  const auto& [model, head, attributes, parts] = GetParam();
  const Code layers = instance("torch.nn.modules.container.Sequential", {}, {{"0", instance(head, attributes)}});
  const Archive archive;
  const auto checkpoint = read_checkpoint(archive.bytes(named_dict({{"model", instance(model, {}, {{"model", layers}})}})), "tiny.pt");
  auto expected = parts;
  for (const char* part : {"checkpoint: tiny.pt: ", "nibble reads YOLOv3u to YOLO26 of Ultralytics", "of these"})
    expected.emplace_back(part);
  expect_error(ErrorKind::unsupported, expected, [&] { summarize_model(checkpoint); });
  expect_error(ErrorKind::unsupported, expected, [&] { build_detector(checkpoint, {}); });
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ForeignModels,
    testing::Values(
        Foreign{
            "ultralytics.nn.tasks.RTDETRDetectionModel", "ultralytics.nn.modules.head.RTDETRDecoder", {}, {"RT-DETR", "the model (ultra"}},
        Foreign{"ultralytics.nn.tasks.DetectionModel", "ultralytics.nn.modules.head.RTDETRDecoder", {}, {"RT-DETR", "model.0 (ultra"}},
        Foreign{"ultralytics.nn.tasks.WorldModel", "ultralytics.nn.modules.head.WorldDetect", {}, {"YOLO-World"}},
        Foreign{"ultralytics.nn.tasks.YOLOESegModel", "ultralytics.nn.modules.head.YOLOESegment", {}, {"YOLOE"}},
        Foreign{"ultralytics.models.sam.modules.sam.SAMModel", "torch.nn.modules.linear.Linear", {}, {"SAM"}},
        Foreign{"super_gradients.training.models.detection_models.yolo_nas.YoloNAS_S", "torch.nn.modules.linear.Linear", {}, {"YOLO-NAS"}},
        Foreign{"yolov6.models.yolo.Model", "yolov6.models.heads.effidehead.Detect", {}, {"YOLOv6", "yolov6n.yaml"}},
        Foreign{"models.yolo.Model", "models.yolo.IDetect", {{"na", integer(3)}}, {"YOLOv7", "model.0 (models.yolo.IDetect)"}},
        Foreign{"models.yolo.Model", "models.yolo.IAuxDetect", {{"na", integer(3)}}, {"YOLOv7"}},
        Foreign{"models.yolo.DetectionModel", "models.yolo.Detect", {{"na", integer(3)}}, {"has anchors", "yolov5nu.pt"}},
        Foreign{"models.yolo.Model", "models.yolo.Detect", {{"anchors", integer(3)}}, {"has anchors", "yolov5nu.pt"}}));

TEST(ForeignModelsTest, StateDictsAreNamed) {
  Archive archive;
  for (const auto& [name, what] : {std::pair{"image_encoder.pos_embed", "SAM"}, std::pair{"backbone.backbone.stem.conv.weight", "YOLOX"}}) {
    const Code tensors = named_ordered_dict({{name, archive.tensor<float>({1}, {1})}});
    for (const auto& root : {tensors, named_dict({{"model", tensors}})})
      expect_error(ErrorKind::unsupported, {"tiny.pt", what, "nibble reads YOLOv3u"},
                   [&] { summarize_model(read_checkpoint(archive.bytes(root), "tiny.pt")); });
  }
}

TEST(ForeignModelsTest, AModelWithoutLayersIsRefusedAsBefore) {
  const Archive archive;
  const auto checkpoint = read_checkpoint(archive.bytes(named_dict({{"model", instance("a.b.Net", {})}})), "tiny.pt");
  expect_error(ErrorKind::input, {"tiny.pt: the model (a.b.Net)", "no list of layers"}, [&] { summarize_model(checkpoint); });
}

}  // namespace
}  // namespace nibble
