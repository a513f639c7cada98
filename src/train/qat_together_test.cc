// SPDX-License-Identifier: Apache-2.0
// Two processes, each on half of every batch, make the updates of one.
#include <algorithm>
#include <numeric>

#include "base/files.h"
#include "support/scratch.h"
#include "support/several_processes.h"
#include "train/snapshot.h"
#include "train/test_small_detector.h"

namespace nibble {
namespace {

using test::kSizePx;

class QatTogether : public test::Scratch {};

constexpr std::int64_t kSteps = 8;

/// Every size-th image of a batch, with its objects.
TrainingBatch share_of(const TrainingBatch& whole, int rank, int size) {
  const std::int64_t images = whole.images.shape()[0];
  const auto image_bytes = static_cast<std::size_t>(3 * kSizePx * kSizePx);
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> image_of, labels;
  std::vector<float> boxes;
  std::int64_t count = 0;
  for (std::int64_t image = rank; image < images; image += size, ++count) {
    const auto own = whole.images.as<std::uint8_t>().subspan(static_cast<std::size_t>(image) * image_bytes, image_bytes);
    pixels.insert(pixels.end(), own.begin(), own.end());
    for (std::size_t object = 0; object < static_cast<std::size_t>(whole.labels.count()); ++object) {
      if (whole.image_of.as<std::int64_t>()[object] != image) continue;
      image_of.push_back(count);
      labels.push_back(whole.labels.as<std::int64_t>()[object]);
      const auto box = whole.boxes_px.as<float>().subspan(4 * object, 4);
      boxes.insert(boxes.end(), box.begin(), box.end());
    }
  }
  const auto objects = static_cast<std::int64_t>(labels.size());
  return {Tensor::of<std::uint8_t>({count, 3, kSizePx, kSizePx}, std::move(pixels)),
          Tensor::of<std::int64_t>({objects}, std::move(image_of)),
          Tensor::of<std::int64_t>({objects}, std::move(labels)),
          Tensor::of<float>({objects, 4}, std::move(boxes)),
          {}};
}

QatSettings settings_for(const Rendezvous& place) {
  QatSettings settings = test::quick_settings();
  settings.fit.epochs = 1;
  settings.fit.adam.epsilon = 1;  // updates as long as the gradients: rounding in a tiny one is not blown up
  settings.weight_rate = 100;
  settings.scale_rate = settings.bias_rate = 0.5;
  settings.label_weight = 0.1;
  settings.processes = join_processes(place);
  return settings;
}

/// Trains and writes down losses, gradients and the graph that comes out.
void train(const Rendezvous& place, const std::filesystem::path& file) {
  const Graph baseline = test::small_detector();
  std::int64_t next = 0;
  const QatData data{kSteps, [](std::int64_t, std::int64_t) {}, [&] { return share_of(test::batch_at(next++), place.rank, place.size); }};
  const QatHead head{
      {.boxes = test::output_of(baseline, "boxes"), .classes = test::output_of(baseline, "classes")}, {test::kStride}, false};
  std::vector<double> course;
  FitObserver observer;
  observer.step = [&](const StepReport& report) {
    course.insert(course.end(), {report.loss, report.gradient_norm});
    for (const auto& [name, value] : report.parts) course.push_back(value);
  };
  const Graph trained = train_quantized(baseline, test::quantized(baseline), head, data, {}, settings_for(place), observer).graph;
  Snapshot result;
  const auto numbers = static_cast<std::int64_t>(course.size());
  result.tensors["course"] = Tensor::of<double>({numbers}, std::move(course));
  for (const auto& value : trained.values) {
    if (!value.constant) continue;
    result.tensors[value.name] = *value.constant;
    if (value.quant) result.tensors[value.name + ".scale"] = value.quant->scale;
  }
  write_snapshot(file, result);
}

template <class T>
void expect_near(const Tensor& a, const Tensor& b, double tolerance, const std::string& name) {
  ASSERT_EQ(a.shape(), b.shape()) << name;
  const auto left = a.as<T>(), right = b.as<T>();
  double largest = 0;
  for (const T value : right) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < left.size(); ++i) ASSERT_NEAR(left[i], right[i], tolerance * largest) << name << " " << i;
}

/// 5 processes for 4 images: one of them has none.
TEST_F(QatTogether, UpdatesAreThoseOfOneProcessWithTheWholeBatch) {
  const auto file_of = [&](int rank, int size) { return folder() / (std::to_string(rank) + " of " + std::to_string(size)); };
  for (const int size : {1, 2, 5})
    test::in_processes(size, [&](const Rendezvous& place) { train(place, file_of(place.rank, place.size)); });
  const Snapshot alone = read_snapshot(file_of(0, 1), "");
  for (const int size : {2, 5}) {
    for (int rank = 1; rank < size; ++rank)
      EXPECT_EQ(sha256_of_file(file_of(rank, size)), sha256_of_file(file_of(0, size))) << "bit for bit, " << rank << " of " << size;
    const Snapshot together = read_snapshot(file_of(0, size), "");
    ASSERT_EQ(together.tensors.size(), alone.tensors.size());
    EXPECT_EQ(together.tensor("course").count(), kSteps * 8);
    for (const auto& [name, tensor] : alone.tensors) {
      if (tensor.dtype() == DType::f64) expect_near<double>(together.tensor(name), tensor, 1e-5, name);
      if (tensor.dtype() == DType::f32) expect_near<float>(together.tensor(name), tensor, 1e-5, name);
      if (tensor.dtype() == DType::i8) expect_near<std::int8_t>(together.tensor(name), tensor, 0, name);
    }
  }
  const Graph start = test::quantized(test::small_detector());
  double turned = 0;
  for (const auto& value : start.values)
    if (value.quant) turned += identical(*value.constant, alone.tensor(value.name)) ? 0 : 1;
  EXPECT_GT(turned, 0) << "the updates are large enough to tell";
}

}  // namespace
}  // namespace nibble
