// SPDX-License-Identifier: Apache-2.0
// Training on a device that refuses what a GPU would refuse (support/other_device.h), against the CPU.
#include "train/train_on.h"

#include "exec/net.h"
#include "support/other_device.h"
#include "support/scratch.h"
#include "support/several_processes.h"
#include "train/test_course.h"

namespace nibble {
namespace {

using test::expect_error;
using test::expect_near;
using test::other_device;
using test::train_course;

TEST(TrainOnTogether, TwoProcessesAddUpOnTheirDevices) {
  test::in_processes(2, [](const Rendezvous& place) {
    QatSettings settings = test::settings_with_all_losses();
    settings.processes = join_processes(place);
    const auto other = train_course(other_device(), settings);
    expect_near(other, train_course(at::kCPU, settings));
  });
}

TEST(TrainOn, NothingStaysBehindOnTheCpu) {
  const std::int64_t before = test::computed_on_other_device();
  const auto other = train_course(other_device(), test::settings_with_all_losses());
  EXPECT_GT(test::computed_on_other_device() - before, 1000) << "it was not asked";
  expect_near(other, train_course(at::kCPU, test::settings_with_all_losses()));
}

/// An image at a time through the network, and the batch makes the update it makes in one piece.
TEST(TrainOn, PartsOfABatchAddUp) {
  QatSettings settings = test::settings_with_all_losses();
  const auto whole = train_course(at::kCPU, settings);
  settings.images_at_once = 1;
  ASSERT_GT(test::batch_at(0).images.shape()[0], 1);
  expect_near(train_course(at::kCPU, settings), whole);
}

TEST(TrainOnTogether, PartsOfSharesAddUp) {
  test::in_processes(2, [](const Rendezvous& place) {
    QatSettings settings = test::settings_with_all_losses();
    settings.processes = join_processes(place);
    const auto whole = train_course(at::kCPU, settings);
    settings.images_at_once = 1;
    expect_near(train_course(at::kCPU, settings), whole);
  });
}

/// The check itself: a network on the CPU and images elsewhere.
TEST(TrainOn, ATensorLeftBehindIsNoticed) {
  const Graph graph = test::small_detector();
  const at::Tensor images = at::rand({1, 3, test::kSizePx, test::kSizePx}).to(other_device());
  EXPECT_THROW(Net(graph).forward(images, graph.outputs), c10::Error);
  EXPECT_NO_THROW(Net(graph, other_device()).forward(images, graph.outputs));
}

/// Also single numbers, which a GPU would take from the CPU's memory, and wait.
TEST(TrainOn, EveryLearnedTensorIsOnTheDevice) {
  const Net net(test::quantized_with_activations(test::small_detector()), other_device());
  ASSERT_EQ(net.layers().size(), 3U);
  for (const LearnedLayer& layer : net.layers())
    for (const at::Tensor* tensor : {&layer.latent, &layer.log_scale, &layer.zero_point, &layer.bias, &layer.log_activation_scale})
      EXPECT_TRUE(!tensor->defined() || tensor->device() == other_device());
  EXPECT_TRUE(net.layers()[0].log_activation_scale.defined());
}

class TrainOnFiles : public test::Scratch {};

/// Snapshots do not know where they were made.
TEST_F(TrainOnFiles, GoesOnOnAnotherDevice) {
  QatSettings settings = test::settings_with_all_losses();
  settings.fit.epochs = 2;
  const auto whole = train_course(at::kCPU, settings);
  settings.fit.snapshot = folder() / "last.snapshot";
  int scored = 0;
  expect_error(ErrorKind::interrupted, {"stop"}, [&] {
    train_course(other_device(), settings, [&](const Graph&) -> double {
      if (++scored == 2) throw Error(ErrorKind::interrupted, "stop");
      return 0;
    });
  });
  settings.fit.resume = true;
  auto rest = train_course(at::kCPU, settings, [&](const Graph&) { return ++scored; });
  ASSERT_EQ(2 * rest.numbers.size(), whole.numbers.size());
  rest.numbers.insert(rest.numbers.begin(), whole.numbers.begin(), whole.numbers.end() - static_cast<std::ptrdiff_t>(rest.numbers.size()));
  expect_near(rest, whole);
}

}  // namespace
}  // namespace nibble
