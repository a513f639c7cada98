// SPDX-License-Identifier: Apache-2.0
#include "report/metrics_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nibble/error.h"

namespace nibble {
namespace {

Json twelve_numbers() {
  return {{"mAP_50_95", 0.4762},
          {"mAP_50", 0.63},
          {"mAP_75", 0.5},
          {"mAP_small", nullptr},
          {"mAP_medium", 0.4},
          {"mAP_large", 0.6},
          {"AR_1", 0.3},
          {"AR_10", 0.4},
          {"AR_100", 0.5},
          {"AR_small", nullptr},
          {"AR_medium", 0.4},
          {"AR_large", 0.6},
          {"per_class", Json::array()},
          {"num_images", 100},
          {"num_detections", 12345}};
}

MetricsSettings settings() {
  MetricsSettings result;
  result.onnx_path = "onnx/x.onnx";
  result.providers = {"CPUExecutionProvider"};
  result.max_images = 100;
  return result;
}

TEST(MetricsDocument, HasEveryPromisedKey) {
  const auto document = metrics_document(settings(), twelve_numbers(), Latency{10, 9, 12, 100, 50});
  for (const auto* key : {"onnx_path", "instances", "images_dir", "providers", "imgsz", "max_images", "warmup_runs", "skip_latency", "conf",
                          "iou", "max_det", "pre_nms_topk", "metrics", "latency"})
    EXPECT_TRUE(document.contains(key)) << key;
  for (const auto* key : {"mean_ms", "median_ms", "p90_ms", "throughput_fps"}) EXPECT_TRUE(document["latency"].contains(key)) << key;
  EXPECT_EQ(document["skip_latency"], false);
}

TEST(MetricsDocument, ReadsBackAsTheScoreOfTheSummary) {
  const auto document = metrics_document(settings(), twelve_numbers(), Latency{10, 9, 12, 100, 50});
  const auto score = score_from_document(document, "baseline-coco/metrics.json");
  EXPECT_EQ(score.main, 0.4762);
  EXPECT_EQ(score.second, 0.63);
  EXPECT_EQ(score.images, 100);
  EXPECT_EQ(score.latency->p90_ms, 12);
  EXPECT_EQ(score.providers.front(), "CPUExecutionProvider");
  const auto without = score_from_document(metrics_document(settings(), twelve_numbers(), std::nullopt), "m");
  EXPECT_FALSE(without.latency.has_value());
}

TEST(MetricsDocument, UndefinedNumbersAreNullInTheFile) {
  auto numbers = twelve_numbers();
  numbers["mAP_50_95"] = nullptr;
  EXPECT_EQ(score_from_document(metrics_document(settings(), numbers, std::nullopt), "m").main, -1);
}

TEST(MetricsDocument, AMissingKeyIsAnInputError) {
  auto document = metrics_document(settings(), twelve_numbers(), std::nullopt);
  document["metrics"].erase("mAP_50");
  EXPECT_THROW(score_from_document(document, "m"), Error);
}

}  // namespace
}  // namespace nibble
