// SPDX-License-Identifier: Apache-2.0
// How long the parts take on the embedded default, one after the other as `nibble run` uses them: make bench.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "base/files.h"
#include "base/shared_data.h"
#include "ckpt/checkpoint.h"
#include "data/coco.h"
#include "data/image.h"
#include "eval/coco_map.h"
#include "export/emit.h"
#include "yolo/detector.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

fs::path weights() { return shared_data("assets/yolov10n.pt"); }
CocoDataset annotations() { return read_coco(shared_data("assets/coco/instances_val2017_32.json")); }

void hash_checkpoint(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(sha256_of_file(weights()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(fs::file_size(weights())));
}
BENCHMARK(hash_checkpoint)->Unit(benchmark::kMillisecond);

void read_pickle(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(read_checkpoint(weights()));
}
BENCHMARK(read_pickle)->Unit(benchmark::kMillisecond);

void build_float_baseline(benchmark::State& state) {
  const Checkpoint checkpoint = read_checkpoint(weights());
  for (auto _ : state) benchmark::DoNotOptimize(build_baseline(checkpoint, {}));
}
BENCHMARK(build_float_baseline)->Unit(benchmark::kMillisecond);

void emit_float_onnx(benchmark::State& state) {
  const Detector detector = build_baseline(read_checkpoint(weights()), {});
  const fs::path file = fs::temp_directory_path() / "nibble_bench.onnx";
  for (auto _ : state) emit_model(detector.graph, {}, file);
  fs::remove(file);
}
BENCHMARK(emit_float_onnx)->Unit(benchmark::kMillisecond);

void letterbox_image(benchmark::State& state) {
  const fs::path image = shared_data("assets/coco/val2017/000000000139.jpg");
  for (auto _ : state) benchmark::DoNotOptimize(read_network_image(image, state.range(0)));
}
BENCHMARK(letterbox_image)->Arg(320)->Arg(640)->Unit(benchmark::kMillisecond);

/// Every annotation found once, with falling scores: as many detections as there are boxes.
std::vector<Detection> perfect_detections(const CocoDataset& dataset) {
  std::vector<Detection> detections;
  for (const auto& box : dataset.annotations)
    detections.push_back({box.image_id, box.category_id, 1.0 / static_cast<double>(detections.size() + 1), box.box_xywh_px});
  return detections;
}

void score_detections(benchmark::State& state) {
  const CocoDataset dataset = annotations();
  const auto detections = perfect_detections(dataset);
  for (auto _ : state) benchmark::DoNotOptimize(evaluate_coco(dataset, detections));
}
BENCHMARK(score_detections)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nibble
