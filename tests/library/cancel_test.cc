// SPDX-License-Identifier: Apache-2.0
// A caller stops a command by its progress, and no other command with it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "library/embedded.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;
using test::exported;
namespace fs = std::filesystem;

/// Cancels after so many units of work.
class Limited : public Progress {
 public:
  explicit Limited(int units) : left_(units) {}
  void begin(const std::string& title, std::int64_t) override { stage_ = title; }
  void step(const std::string&) override { --left_; }
  bool cancelled() const override { return left_ <= 0; }
  int left() const { return left_; }
  const std::string& stage() const { return stage_; }

 private:
  int left_;
  std::string stage_;
};

class Cancel : public test::Scratch {
 protected:
  EvalOptions evaluation(std::int64_t images) const {
    EvalOptions options;
    options.model = model_;
    options.data.max_images = images;
    options.skip_latency = true;
    options.runtime.threads = 1;
    return options;
  }
  fs::path model_ = exported(folder());
};

TEST_F(Cancel, AQuantisationLeavesNoFile) {
  const auto options = test::quick(folder(), file("near.yaml", test::kNearest));
  Limited limited(3);
  expect_error(ErrorKind::interrupted, {"cancelled"}, [&] { quantize(options, limited); });
  EXPECT_EQ(limited.left(), 0) << "not one unit more was done";
  EXPECT_TRUE(!fs::exists(options.output_dir) || fs::is_empty(options.output_dir));
}

TEST_F(Cancel, BeforeTheBeginningNothingIsDone) {
  Limited limited(0);
  expect_error(ErrorKind::interrupted, {"cancelled"}, [&] { evaluate(evaluation(2), limited); });
  EXPECT_EQ(limited.stage(), "") << "no stage was shown";
}

TEST_F(Cancel, OnlyTheCommandWhoseProgressSaysSo) {
  Limited limited(2);
  Progress silent;
  EvalResult other;
  std::thread beside([&] { other = evaluate(evaluation(6), silent); });
  expect_error(ErrorKind::interrupted, {"cancelled"}, [&] { evaluate(evaluation(32), limited); });
  beside.join();
  EXPECT_EQ(limited.left(), 0);
  EXPECT_EQ(other.metrics.num_images, 6);
  Progress again;
  EXPECT_EQ(evaluate(evaluation(1), again).metrics.num_images, 1) << "a later command runs";
}

TEST_F(Cancel, ATrainingLeavesWhatResumeGoesOnFrom) {
  QatOptions options;
  options.checkpoint = test::kModel;
  options.output_dir = folder() / "out";
  options.recipe = file("near.yaml", test::kNearest).string();
  options.image_size = test::kSmall;
  options.calibration_images = 1;
  options.course.steps = 3;
  options.course.batch = 1;
  options.course.held_out = 2;
  options.dialect = "int4";
  options.runtime.threads = 1;
  /// Cancels in the first step of the training.
  class InTraining : public Progress {
   public:
    void begin(const std::string& title, std::int64_t) override { trains_ = title.rfind("train", 0) == 0; }
    void step(const std::string&) override { stepped_ = stepped_ || trains_; }
    bool cancelled() const override { return stepped_; }

   private:
    bool trains_ = false, stepped_ = false;
  } in_training;
  expect_error(ErrorKind::interrupted, {"--resume"}, [&] { train(options, in_training); });
  EXPECT_TRUE(fs::exists(options.output_dir / "yolov10n-near-qat.snapshot"));
  options.resume = true;
  Progress silent;
  const auto result = train(options, silent);
  ASSERT_TRUE(result.training);
  EXPECT_EQ(result.training->steps, 3);
  EXPECT_EQ(result.training->held_out_images, 2);
  EXPECT_GE(result.training->best_score, result.training->initial_score);
  EXPECT_TRUE(fs::exists(result.training->curve_path));
  EXPECT_EQ(result.files.size(), 1U);
  EXPECT_EQ(result.layers.size(), 83U);
  EXPECT_FALSE(fs::exists(options.output_dir / "yolov10n-near-qat.snapshot"));
}

}  // namespace
}  // namespace nibble
