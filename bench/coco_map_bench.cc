// SPDX-License-Identifier: Apache-2.0
// COCO metrics of a data set as large as val2017 (5000 images, 80 classes, 36,000 truths, 646,000 detections), made up.
// The same work in pycocotools: bench/peers/coco_eval.py, on the files this program writes with --write DIR.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

#include "data/coco_write.h"
#include "eval/bootstrap.h"
#include "eval/coco_map.h"

namespace nibble {
namespace {

struct Scenario {
  CocoDataset truth;
  std::vector<Detection> detections;
};

using Random = std::mt19937_64;
using Box = std::array<double, 4>;

Box random_box(Random& random) {
  std::uniform_real_distribution<double> corner(0, 500), log_size(1.5, 5.5);
  return {corner(random), corner(random), std::exp(log_size(random)), std::exp(log_size(random))};
}
Box near(const Box& box, Random& random) {
  std::normal_distribution<double> shift(0, 0.06);
  return {box[0] + shift(random) * box[2], box[1] + shift(random) * box[3], box[2] * std::exp(shift(random)),
          box[3] * std::exp(shift(random))};
}

void add_image(Scenario& scenario, std::int64_t id, std::int64_t truths, std::int64_t detections, Random& random) {
  std::uniform_int_distribution<std::int64_t> category(1, 80);
  std::uniform_real_distribution<double> unit(0, 1);
  scenario.truth.images.push_back({id, fmt::format("{}.jpg", id), 640, 640});
  const auto first = scenario.truth.annotations.size();
  for (std::int64_t i = 0; i < truths; ++i) {
    const Box box = random_box(random);
    const auto next = static_cast<std::int64_t>(scenario.truth.annotations.size()) + 1;
    scenario.truth.annotations.push_back({next, id, category(random), box, box[2] * box[3] * 0.6, unit(random) < 0.01, false});
  }
  for (std::int64_t i = 0; i < detections; ++i) {
    const auto pick = first + random() % static_cast<std::size_t>(truths);
    const auto& truth = scenario.truth.annotations[pick];
    const bool is_good = unit(random) < 0.3;
    scenario.detections.push_back({id, is_good || unit(random) < 0.5 ? truth.category_id : category(random), unit(random),
                                   is_good ? near(truth.box_xywh_px, random) : random_box(random)});
  }
}

const Scenario& scenario() {
  static const Scenario made = [] {
    Scenario s;
    s.truth.source = "made up";
    for (std::int64_t c = 1; c <= 80; ++c) s.truth.categories.push_back({c, fmt::format("class {}", c)});
    Random random(1);
    for (std::int64_t i = 1; i <= 5000; ++i) add_image(s, i, 1 + static_cast<std::int64_t>(random() % 14), 129, random);
    return s;
  }();
  return made;
}

std::filesystem::path written_folder() {
  static const auto folder = [] {
    const auto made = std::filesystem::temp_directory_path() / "nibble-coco-map-bench";
    write_coco(made / "instances.json", scenario().truth);
    write_detections(made / "detections.json", scenario().detections);
    return made;
  }();
  return folder;
}

void bench_read_detections(benchmark::State& state) {
  const auto path = written_folder() / "detections.json";
  for (auto _ : state) benchmark::DoNotOptimize(read_detections(path));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(std::filesystem::file_size(path)));
}
BENCHMARK(bench_read_detections)->Unit(benchmark::kMillisecond);

void bench_evaluate_coco(benchmark::State& state) {
  CocoMetrics metrics;
  for (auto _ : state) metrics = evaluate_coco(scenario().truth, scenario().detections, static_cast<int>(state.range(0)));
  state.counters["mAP_50_95"] = metrics.map_50_95;
  state.counters["detections"] = static_cast<double>(scenario().detections.size());
}
BENCHMARK(bench_evaluate_coco)->Arg(1)->Arg(2)->ArgName("threads")->Unit(benchmark::kMillisecond)->UseRealTime();

/// The first images of the scenario.
Scenario first_images(std::int64_t count) {
  Scenario part{{"made up", {}, {}, scenario().truth.categories}, {}};
  for (const auto& image : scenario().truth.images)
    if (image.id <= count) part.truth.images.push_back(image);
  for (const auto& annotation : scenario().truth.annotations)
    if (annotation.image_id <= count) part.truth.annotations.push_back(annotation);
  part.detections = select_detections(scenario().detections, part.truth);
  return part;
}

/// Numbers with intervals from 1000 resamples, matching included; what a scored file costs.
void bench_evaluate_resampled(benchmark::State& state) {
  const auto part = first_images(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(evaluate_resampled(part.truth, part.detections, {.threads = static_cast<int>(state.range(1))}));
  state.counters["detections"] = static_cast<double>(part.detections.size());
}
BENCHMARK(bench_evaluate_resampled)
    ->Args({100, 1})
    ->Args({5000, 1})
    ->Args({5000, 2})
    ->ArgNames({"images", "threads"})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace nibble

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--write") == 0) {
    nibble::write_coco(std::filesystem::path(argv[2]) / "instances.json", nibble::scenario().truth);
    nibble::write_detections(std::filesystem::path(argv[2]) / "detections.json", nibble::scenario().detections);
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
