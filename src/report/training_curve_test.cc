// SPDX-License-Identifier: Apache-2.0
#include "report/training_curve.h"

#include "base/files.h"
#include "report/training_text.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;

class TrainingCurves : public test::Scratch {
 protected:
  std::filesystem::path path() const { return folder() / "training.csv"; }
  void train(std::int64_t from, std::int64_t to) {
    CurveFile file(path(), from);
    if (from == 0) file.add(0, "score", 0.1);
    for (std::int64_t step = from + 1; step <= to; ++step) file.add(step, "loss/total", 1.0 / static_cast<double>(step));
    file.flush();
  }
};

TEST_F(TrainingCurves, ComeBackAsTheyWereWritten) {
  train(0, 3);
  const auto curve = read_training_curve(path());
  EXPECT_EQ(curve.at("score"), (std::map<std::int64_t, double>{{0, 0.1}}));
  EXPECT_EQ(curve.at("loss/total"), (std::map<std::int64_t, double>{{1, 1.0}, {2, 0.5}, {3, 1.0 / 3}}));
}

TEST_F(TrainingCurves, AResumedTrainingTellsAgainWhatCameAfterItsSnapshot) {
  train(0, 7);
  const auto whole = read_file(path());
  train(4, 7);
  EXPECT_EQ(read_file(path()), whole);
}

TEST_F(TrainingCurves, ATrainingBegunAgainHasItsOwnFirstRow) {
  train(0, 3);
  train(0, 2);
  EXPECT_EQ(read_file(path()), "steps,name,value\n0,score,0.1\n1,loss/total,1\n2,loss/total,0.5\n");
}

TEST_F(TrainingCurves, ARowThatWasCutIsLeftOut) {
  train(0, 2);
  write_file(path(), read_file(path()) + "3,loss/to");
  EXPECT_EQ(read_training_curve(path()).at("loss/total").size(), 2U);
}

TEST_F(TrainingCurves, RefuseWhatIsNone) {
  write_file(path(), "something else\n");
  expect_error(ErrorKind::input, {"training.csv", "line 1"}, [&] { read_training_curve(path()); });
  write_file(path(), "steps,name,value\n1,loss/total,x\n");
  expect_error(ErrorKind::input, {"training.csv", "line 2", "1,loss/total,x"}, [&] { read_training_curve(path()); });
  expect_error(ErrorKind::input, {"training.csv"}, [&] { CurveFile(path(), 0); });
}

TEST(TrainingText, SaysWhatWasKept) {
  TrainingReport report{"w4a8", 20, 24, 8, false, 0.41, 0.4312, 2, false, 0, "qat-w4a8-coco/training.csv"};
  EXPECT_EQ(training_text(report, "mAP_50_95"),
            "w4a8: 20 steps on 24 images; mAP_50_95 on 8 held-out images (against the float network): 0.4100 calibrated, 0.4312 trained");
  report.best_epoch = -1;
  EXPECT_THAT(training_text(report, "mAP_50_95"), testing::HasSubstr("the calibrated weights were kept"));
  EXPECT_EQ(to_json(training_report_from_json(to_json(report))), to_json(report));
  expect_error(ErrorKind::input, {"has no 'recipe'"}, [] { training_report_from_json(Json::object()); });
}

}  // namespace
}  // namespace nibble
