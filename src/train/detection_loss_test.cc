// SPDX-License-Identifier: Apache-2.0
#include "train/detection_loss.h"

#include <cmath>

#include "base/box_logits.h"
#include "base/json.h"
#include "exec/convert.h"
#include "support/npy.h"
#include "support/scratch.h"
#include "train/box_losses.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;

const fs::path kGoldens = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/detection_loss";
constexpr double kTolerance = 2e-5;  // relative; of a gradient, to its largest element
const std::vector<std::int64_t> kStrides = {8, 16, 32};

Json golden_case(const std::string& name) {
  for (const auto& found : read_json(kGoldens / "cases.json"))
    if (found["name"] == name) return found;
  throw std::runtime_error("no golden " + name);
}

/// The number n of the sequence `seed`, 0 to 1 (tests/oracle/detection_loss.py).
double uniform(std::uint64_t seed, std::int64_t n) {
  std::uint64_t z = (seed << 32) + static_cast<std::uint64_t>(n) + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/// What one branch of a head gives for a batch.
struct RawOutput {
  std::int64_t images, bins, classes, anchors;
  at::Tensor values;  ///< [images, 4 * bins + classes, anchors]

  at::Tensor boxes() const { return values.slice(1, 0, 4 * bins); }
  at::Tensor class_logits() const { return values.slice(1, 4 * bins); }
};

RawOutput raw_output(std::uint64_t seed, double reach, RawOutput raw) {
  const std::int64_t channels = 4 * raw.bins + raw.classes;
  std::vector<float> values;
  for (std::int64_t image = 0; image < raw.images; ++image)
    for (std::int64_t channel = 0; channel < channels; ++channel)
      for (std::int64_t anchor = 0; anchor < raw.anchors; ++anchor) {
        const double noise = uniform(seed, (image * channels + channel) * raw.anchors + anchor);
        if (channel >= 4 * raw.bins) {
          values.push_back(static_cast<float>(8 * noise - 6));
          continue;
        }
        const double distance = reach * uniform(seed + 1, (image * 4 + channel / raw.bins) * raw.anchors + anchor);
        const double logit = -1.5 * std::abs(static_cast<double>(channel % raw.bins) - distance) + 0.5 * noise;
        values.push_back(static_cast<float>(raw.bins == 1 ? distance - 0.25 : logit));
      }
  raw.values = at::tensor(values).reshape({raw.images, channels, raw.anchors}).set_requires_grad(true);
  return raw;
}

BatchObjects objects_of(const Json& rows) {
  std::vector<std::int64_t> image, label;
  std::vector<float> boxes;
  for (const auto& row : rows) {
    image.push_back(row[0].get<std::int64_t>());
    label.push_back(row[1].get<std::int64_t>());
    for (std::size_t i = 2; i < 6; ++i) boxes.push_back(row[i].get<float>());
  }
  return {at::tensor(image, at::kLong), at::tensor(label, at::kLong), at::tensor(boxes, at::kFloat).reshape({-1, 4})};
}

void expect_close(double found, double wanted, const std::string& what) {
  EXPECT_NEAR(found, wanted, kTolerance * std::abs(wanted)) << what;
}

void expect_parts(const DetectionLoss& loss, const Json& wanted) {
  expect_close(loss.box.item<double>(), wanted[0].get<double>(), "box");
  expect_close(loss.classes.item<double>(), wanted[1].get<double>(), "classes");
  expect_close(loss.distances.item<double>(), wanted[2].get<double>(), "distances");
}

struct GoldenRun {
  Json wanted;
  Anchors anchors;
  BatchObjects objects;
  RawOutput many, one;
};

GoldenRun golden_run(const std::string& name) {
  GoldenRun run;
  run.wanted = golden_case(name);
  const auto number = [&](const char* key) { return run.wanted[key].get<std::int64_t>(); };
  run.anchors = make_anchors(number("height"), number("width"), kStrides, at::kCPU);
  run.objects = objects_of(run.wanted["objects"]);
  const auto seed = run.wanted["seed"].get<std::uint64_t>();
  const RawOutput kind{number("images"), run.wanted.value("bins", kBoxBins), number("classes"), run.anchors.points_px.size(0), {}};
  run.many = raw_output(seed, run.wanted["reach"].get<double>(), kind);
  run.one = raw_output(seed + 10, run.wanted["reach"].get<double>(), kind);
  return run;
}

DetectionLoss loss_of(const RawOutput& raw, const GoldenRun& run, const DetectionLossOptions& options = {}) {
  return detection_loss(raw.boxes(), raw.class_logits(), run.anchors, run.objects, options);
}

class DetectionLossGolden : public testing::TestWithParam<std::string> {};

TEST_P(DetectionLossGolden, EqualsUltralyticsInValuesAndGradients) {
  const GoldenRun run = golden_run(GetParam());
  DetectionLossOptions single;  // E2EDetectLoss, or where there are shares of the branches, E2ELoss
  const bool has_shares = run.wanted.contains("shares");
  single.assign = has_shares ? AssignOptions{.candidates = 7, .kept = 1} : AssignOptions{.candidates = 1};
  const DetectionLoss many = loss_of(run.many, run), one = loss_of(run.one, run, single);
  expect_parts(many, run.wanted["one2many"]);
  expect_parts(one, run.wanted["one2one"]);

  const auto share = [&](std::size_t branch) { return has_shares ? run.wanted["shares"][branch].get<double>() : 1; };
  const at::Tensor total = many.total() * share(0) + one.total() * share(1);
  expect_close(total.item<double>(), run.wanted["total"].get<double>(), "total");
  total.backward();
  const at::Tensor wanted = to_torch(test::read_npy(kGoldens / (GetParam() + ".npy")));
  const at::Tensor found = at::cat({run.many.values.grad(), run.one.values.grad()});
  ASSERT_EQ(found.sizes(), wanted.sizes());
  // Boxes and classes apart: their gradients differ in size.
  const std::int64_t sides = 4 * run.many.bins;
  for (const auto& [first, last] : {std::pair<std::int64_t, std::int64_t>{0, sides}, {sides, wanted.size(1)}}) {
    const at::Tensor part = wanted.slice(1, first, last);
    const double largest = part.abs().max().item<double>();
    EXPECT_LE((found.slice(1, first, last) - part).abs().max().item<double>(), kTolerance * largest) << "channels from " << first;
  }
}
INSTANTIATE_TEST_SUITE_P(Cases, DetectionLossGolden,
                         testing::Values("mixed", "tiny", "border", "classes", "empty", "crowd", "one_cell", "distances", "distances_crowd",
                                         "distances_empty", "shares_crowd"),
                         [](const auto& given) { return given.param; });

TEST(DetectionLoss, TheOrderOfObjectsDoesNotMatter) {
  GoldenRun run = golden_run("mixed");
  const float wanted = loss_of(run.many, run).total().item<float>();
  const at::Tensor reversed = at::arange(run.objects.label.size(0) - 1, -1, -1, at::kLong);
  run.objects = {run.objects.image.index({reversed}), run.objects.label.index({reversed}), run.objects.boxes_px.index({reversed})};
  EXPECT_FLOAT_EQ(loss_of(run.many, run).total().item<float>(), wanted);
}

TEST(DetectionLoss, HalfOutputsAreComputedInSingle) {
  const GoldenRun run = golden_run("mixed");
  RawOutput half = run.many, single = run.many;
  half.values = run.many.values.detach().to(at::kHalf);
  single.values = half.values.to(at::kFloat);
  EXPECT_EQ(loss_of(half, run).total().item<double>(), loss_of(single, run).total().item<double>());
}

TEST(DetectionLoss, ABoxAtZeroIsIgnored) {
  GoldenRun run = golden_run("empty");
  const float wanted = loss_of(run.many, run).total().item<float>();
  run.objects = objects_of(Json::parse("[[0, 2, 0, 0, 0, 0], [1, 1, -4, -4, -1, -1]]"));
  EXPECT_FLOAT_EQ(loss_of(run.many, run).total().item<float>(), wanted);
}

TEST(DetectionLoss, RefusesWhatDoesNotFit) {
  GoldenRun run = golden_run("mixed");
  const auto with = [&](const char* rows) {
    run.objects = objects_of(Json::parse(rows));
    loss_of(run.many, run);
  };
  expect_error(ErrorKind::input, {"object 1", "class 4", "0 to 3"}, [&] { with("[[0, 0, 1, 1, 9, 9], [0, 4, 1, 1, 9, 9]]"); });
  expect_error(ErrorKind::input, {"object 0", "class -1"}, [&] { with("[[0, -1, 1, 1, 9, 9]]"); });
  expect_error(ErrorKind::input, {"object 0", "image 3"}, [&] { with("[[3, 0, 1, 1, 9, 9]]"); });
  run.anchors = make_anchors(32, 32, kStrides, at::kCPU);
  expect_error(ErrorKind::internal, {"21 anchors"}, [&] { loss_of(run.many, run); });
  expect_error(ErrorKind::usage, {"40 x 64", "stride 16"}, [] { make_anchors(64, 40, kStrides, at::kCPU); });
}

/// Two objects want the same anchor best; the one that overlaps it less has none with one candidate, and its second best with 7.
TEST(Assign, WhoLosesAConflictTakesAnotherAnchorWhereMoreWereCandidates) {
  const Anchors anchors = make_anchors(8, 16, {8}, at::kCPU);  // points (4, 4) and (12, 4)
  const PaddedObjects objects{at::tensor({0.F, 0.F, 9.F, 8.F, 1.F, 0.F, 15.F, 8.F}).reshape({1, 2, 4}), at::zeros({1, 2}, at::kLong),
                              at::ones({1, 2}, at::kBool)};
  const at::Tensor boxes = at::tensor({0.F, 0.F, 10.F, 8.F, 8.F, 0.F, 15.F, 8.F}).reshape({1, 2, 4});
  const at::Tensor scores = at::tensor({0.9F, 0.2F}).reshape({1, 2, 1});
  const auto positive = [&](const AssignOptions& options) {
    return assign_objects(scores, boxes, anchors, objects, options).is_positive.sum().item<std::int64_t>();
  };
  EXPECT_EQ(positive({.candidates = 1}), 1);
  EXPECT_EQ(positive({.candidates = 2, .kept = 1}), 2);
}

TEST(Anchors, AreTheCentresOfCellsRowsFirst) {
  const Anchors anchors = make_anchors(8, 16, {8, 4}, at::kCPU);
  const at::Tensor wanted =
      at::tensor({4.F, 4.F, 12.F, 4.F, 2.F, 2.F, 6.F, 2.F, 10.F, 2.F, 14.F, 2.F, 2.F, 6.F, 6.F, 6.F, 10.F, 6.F, 14.F, 6.F});
  EXPECT_TRUE(at::equal(anchors.points_px, wanted.reshape({-1, 2})));
  EXPECT_TRUE(at::equal(anchors.stride_px.flatten(), at::tensor({8.F, 8.F, 4.F, 4.F, 4.F, 4.F, 4.F, 4.F, 4.F, 4.F})));
}

TEST(BoxLosses, CompleteIouKnownAnswers) {
  const auto box = [](float x1, float y1, float x2, float y2) { return at::tensor({x1, y1, x2, y2}).unsqueeze(0); };
  const auto iou = [&](const at::Tensor& a, const at::Tensor& b) { return complete_iou(a, b).item<double>(); };
  EXPECT_NEAR(iou(box(0, 0, 10, 10), box(0, 0, 10, 10)), 1, 1e-6);
  EXPECT_NEAR(iou(box(0, 0, 10, 10), box(5, 0, 15, 10)), 1.0 / 3 - 25.0 / 325, 1e-6) << "equal shapes: overlap less distance";
  EXPECT_NEAR(iou(box(0, 0, 2, 2), box(8, 8, 10, 10)), -128.0 / 200, 1e-6) << "apart";
  const double v = 4 / (M_PI * M_PI) * std::pow(std::atan(2.0) - std::atan(0.5), 2);
  EXPECT_NEAR(iou(box(0, 0, 4, 2), box(1, -1, 3, 3)), 1.0 / 3 - v * v / (1 - 1.0 / 3 + v), 1e-6) << "same centre, other shape";
}

TEST(BoxLosses, TheExampleOfTheDistributionLoss) {
  at::Tensor logits = at::zeros({1, kBoxLogits});
  logits[0][2] = 3;
  logits[0][3] = 1;
  const double normaliser = std::log(14 + std::exp(3.0) + std::exp(1.0));
  const double left = 0.75 * (normaliser - 3) + 0.25 * (normaliser - 1), other = std::log(16.0);
  const at::Tensor loss = distribution_focal_loss(logits, at::tensor({2.25F, 0.F, 99.F, 7.5F}).unsqueeze(0));
  EXPECT_NEAR(loss.item<double>(), (left + 3 * other) / 4, 1e-6);
}

TEST(BoxLosses, TheExampleOfTheDistanceLoss) {
  const at::Tensor wanted = at::tensor({1.F, 2.F, 3.F, 4.F}).unsqueeze(0);
  const at::Tensor loss = distance_l1(wanted + at::tensor({2.F, -2.F, -2.F, 2.F}), wanted, at::full({1, 1}, 8.F), at::tensor({64.F, 32.F}));
  EXPECT_NEAR(loss.item<double>(), 0.375, 1e-6);
}

TEST(BoxLosses, DistancesAreExpectations) {
  at::Tensor logits = at::full({1, 4, kBoxBins}, -1e4F);
  logits[0][0][0] = logits[0][1][15] = logits[0][2][3] = logits[0][2][4] = logits[0][3][7] = 0;
  EXPECT_TRUE(at::allclose(expected_distances(logits.reshape({1, -1})), at::tensor({0.F, 15.F, 3.5F, 7.F}).unsqueeze(0)));
}

}  // namespace
}  // namespace nibble
