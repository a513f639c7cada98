// SPDX-License-Identifier: Apache-2.0
// A run checked and made again by somebody else: `nibble verify`, `nibble replay`, gates with intervals, JUnit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const fs::path kSource = NIBBLE_SOURCE_DIR;

/// One small run for all tests; each test damages a copy of it.
class Proof : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    home_ = fs::temp_directory_path() / ("nibble-proof-" + std::to_string(::getpid()));
    fs::remove_all(home_);
    write_file(home_ / "near.yaml",
               "name: near\nweights: {bits: 8, rounding: nearest, scale_search: max, error_propagation: false}\n"
               "calibration: {images: 1, batch: 1}\nbias_correction: false\nfp16_files: false\ngates: {max_map_drop: 1}\n");
    write_file(home_ / "gates.yaml",
               "gates:\n  - {metric: bytes, variant: '*-unpack-*', compare: ratio, at_most: 0.5}\n"
               "  - {metric: mAP_50_95, compare: difference, at_least: -0.9}\n");
    outcome_ = run_nibble({"run", "--recipes", "near.yaml", "--imgsz", "160", "--max-images", "6", "--runs-dir", "runs", "--run-id", "a",
                           "--threads", "1", "--gates", "gates.yaml", "--junit", "gates.xml", "--resamples", "200"},
                          home_);
  }
  static void TearDownTestSuite() { fs::remove_all(home_); }

  void SetUp() override {
    ASSERT_EQ(outcome_.exit_code, 0) << outcome_.err;
    fs::copy(home_ / "runs/a", run_, fs::copy_options::recursive);
  }
  Outcome verify(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"verify", run_.string()};
    all.insert(all.end(), more.begin(), more.end());
    return run_nibble(all, folder_);
  }
  /// Changes a JSON file and the hash that run.json gives of it, as somebody would who wants to be believed.
  void forge(const std::string& file, const std::function<void(Json&)>& change) const {
    Json json = read_json(run_ / file);
    change(json);
    write_json(run_ / file, json);
    rehash(file);
  }
  void rehash(const std::string& file) const {
    if (file == "run.json") return;
    Json manifest = read_json(run_ / "run.json");
    manifest["files"][file]["sha256"] = sha256_of_file(run_ / file);
    manifest["files"][file]["bytes"] = fs::file_size(run_ / file);
    write_json(run_ / "run.json", manifest);
  }

  static inline fs::path home_;
  static inline Outcome outcome_;
  fs::path folder_ = scratch_folder();
  fs::path run_ = folder_ / "a";
};

TEST_F(Proof, ARunHasIntervalsAndJudgesByThem) {
  const auto metrics = read_json(run_ / "ptq-near-coco/metrics.json")["metrics"];
  const double map = metrics["mAP_50_95"], low = metrics["mAP_50_95_interval"][0], high = metrics["mAP_50_95_interval"][1];
  EXPECT_LE(low, high);
  EXPECT_NEAR(metrics["change"].get<double>(), map - read_json(run_ / "baseline-coco/metrics.json")["metrics"]["mAP_50_95"].get<double>(),
              1e-12);
  EXPECT_TRUE(metrics.contains("change_interval"));
  EXPECT_TRUE(metrics.contains("mAP_50_change_interval"));
  EXPECT_THAT(read_file(run_ / "summary.md"), HasSubstr("## How sure the scores are"));
  EXPECT_THAT(read_file(run_ / "report.html"), HasSubstr("How sure the scores are"));
  const auto gates = read_json(run_ / "gates.json");
  EXPECT_EQ(gates["passed"], true);
  int judged = 0;
  for (const auto& gate : gates["gates"]) judged += gate["gate"] == "bytes ratio" || gate["gate"] == "mAP_50_95 difference" ? 1 : 0;
  EXPECT_EQ(judged, 3);  // one file by size, two by score
  const auto junit = read_file(home_ / "gates.xml");
  EXPECT_THAT(junit, HasSubstr("<testsuites tests=\"" + std::to_string(gates["gates"].size()) + "\" failures=\"0\""));
  EXPECT_THAT(junit, HasSubstr("<testcase classname=\"nibble.bytes ratio\" name=\"near-unpack-ptq\""));
}

TEST_F(Proof, AnUntouchedRunHolds) {
  const auto outcome = verify({"--score", "--json", "checks.json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("every claim that was checked holds"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("not checked ")));
  const auto document = read_json(folder_ / "checks.json");
  std::map<std::string, int> kinds;
  for (const auto& check : document["checks"]) kinds[check["what"].get<std::string>()] += check["outcome"] == "holds" ? 1 : 0;
  for (const auto* kind : {"hash", "score", "twins", "gate", "summary", "ground truth", "score again"}) EXPECT_GT(kinds[kind], 0) << kind;
  EXPECT_EQ(kinds["twins"], 3);
  EXPECT_EQ(kinds["score again"], 3);
}

TEST_F(Proof, ADamagedFileIsFoundByItsHash) {
  write_file(run_ / "onnx/yolov10n-near-int4-ptq.onnx", "damaged");
  fs::remove(run_ / "ptq-near-coco/layers.json.x");
  const auto outcome = verify();
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("BROKEN       hash: onnx/yolov10n-near-int4-ptq.onnx: has 7 bytes"));
}

TEST_F(Proof, AForgedScoreIsFoundThoughEveryHashIsRight) {
  forge("ptq-near-coco/metrics.json", [](Json& json) { json["metrics"]["mAP_50_95"] = json["metrics"]["mAP_50_95"].get<double>() + 0.01; });
  const auto outcome = verify();
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("BROKEN       score: ptq-near-coco/metrics.json: mAP_50_95: "));
}

TEST_F(Proof, ForgedClaimsOfTheManifestGatesAndSummaryAreFound) {
  forge("run.json", [](Json& json) {
    for (auto& artifact : json["artifacts"])
      if (artifact["name"] == "near-unpack-ptq") artifact["score"]["mAP_50_95"] = 0.9;
    json["twins"][0]["integers"] = 5;
  });
  forge("gates.json", [](Json& json) { json["gates"][0]["detail"] = "fine"; });
  auto summary = read_file(run_ / "summary.md");
  summary.replace(summary.find("| near-qcdq-ptq-opt | 0."), 24, "| near-qcdq-ptq-opt | 9.");
  write_file(run_ / "summary.md", summary);
  rehash("summary.md");
  const auto outcome = verify();
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  for (const auto* text : {"score: run.json: near-unpack-ptq: mAP_50_95: 0.9 is claimed", "twins: ", "gate: gates.json: gates[0].detail",
                           "summary: summary.md: "})
    EXPECT_THAT(outcome.out, HasSubstr(std::string("BROKEN       ") + text));
}

TEST_F(Proof, ForgedObjectsDifferFromTheAnnotations) {
  forge("config/ground-truth.json", [](Json& json) { json["annotations"].erase(0); });
  const auto outcome = verify();
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("BROKEN       ground truth: "));
}

TEST_F(Proof, HostileFoldersAreExitThree) {
  const auto refused = [&](const std::string& text) {
    const auto outcome = verify();
    EXPECT_EQ(outcome.exit_code, 3) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  };
  const auto manifest = read_file(run_ / "run.json");
  forge("run.json", [](Json& json) { json["files"]["../../../etc/passwd"] = {{"bytes", 1}, {"sha256", "x"}}; });
  refused("no plain name inside the folder");
  write_file(run_ / "run.json", manifest);
  forge("run.json", [](Json& json) { json["artifacts"][0]["score"]["metrics"] = "/etc/hostname"; });
  refused("no plain name inside the folder");
  write_file(run_ / "run.json", manifest);
  fs::create_symlink("/etc/passwd", run_ / "extra");
  refused("is a link");
  fs::remove(run_ / "extra");
  write_file(run_ / "run.json", std::string(200'000, '['));
  refused("nested");
  write_file(run_ / "run.json", "{}");
  refused("no manifest");
  EXPECT_EQ(run_nibble({"verify", "nowhere"}, folder_).exit_code, 3);
}

TEST_F(Proof, AReplayGivesTheSameBytes) {
  const auto outcome = run_nibble({"replay", run_.string(), "-o", "again"}, folder_);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const auto before = read_json(run_ / "run.json")["files"], after = read_json(folder_ / "again/run.json")["files"];
  int compared = 0;
  for (const auto& [path, entry] : before.items()) {
    if (!path.starts_with("onnx/")) continue;
    EXPECT_EQ(entry["sha256"], after[path]["sha256"]) << path;
    ++compared;
  }
  EXPECT_EQ(compared, 6);
  EXPECT_THAT(outcome.out, Not(HasSubstr("not the same")));
  EXPECT_THAT(outcome.out, HasSubstr("same score   near-unpack-ptq: "));
  EXPECT_EQ(run_nibble({"verify", "again"}, folder_).exit_code, 0);
}

/// Trained files too, whether training was asked for by name, with labels beside, for a target, or after the preset best.
TEST(TrainedRun, AReplayGivesTheSameBytes) {
  const auto folder = scratch_folder();
  fs::create_directories(folder / "images");
  fs::create_directories(folder / "labels");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource / "assets/coco/val2017")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i < 6; ++i) {
    fs::copy_file(files.at(i), folder / "images" / files[i].filename());
    write_file(folder / "labels" / (files[i].stem().string() + ".txt"), "0 0.5 0.5 0.4 0.4\n1 0.3 0.3 0.2 0.5\n");
  }
  write_file(folder / "data.yaml", "train: images\nval: images\nnames: {0: class 0, 1: class 1}\n");
  write_file(folder / "low.yaml",
             "name: low\nweights: {bits: 4, scale_search: max, rounding: nearest}\nbias_correction: false\ncalibration: {images: 2}\n"
             "fp16_files: false\ndistillation: {code_rate: 0.003}\n");
  const auto checkpoint = (kSource / "tests/golden/families/yolov8.pt").string();
  const auto expect_same = [&](const std::string& id, const std::string& recipe, int files_each, std::vector<std::string> more) {
    std::vector<std::string> all = {"run",          checkpoint, "--recipes",  "low.yaml", "--annotations", "data.yaml",
                                    "--max-images", "4",        "--calib",    "images",   "--imgsz",       "64",
                                    "--threads",    "1",        "--runs-dir", "runs",     "--run-id",      id};
    all.insert(all.end(), more.begin(), more.end());
    const auto made = run_nibble(all, folder);
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const auto again = run_nibble({"replay", "runs/" + id, "-o", "again-" + id}, folder);
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
    EXPECT_THAT(again.out, Not(HasSubstr("not the same")));
    const auto before = read_json(folder / "runs" / id / "run.json"), after = read_json(folder / ("again-" + id) / "run.json");
    int trained = 0;
    for (const auto& [path, entry] : before["files"].items()) {
      if (!path.starts_with("onnx/")) continue;
      EXPECT_EQ(entry["sha256"], after["files"][path]["sha256"]) << id << ": " << path;
      trained += path.find("yolov8-" + recipe + "-") != std::string::npos && path.find("-qat") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(trained, files_each) << id;
    EXPECT_EQ(after["qat"], before["qat"]);
    EXPECT_EQ(run_nibble({"verify", "again-" + id}, folder).exit_code, 0);
    EXPECT_THAT(read_file(folder / "runs" / id / "summary.md"), HasSubstr("- scored: 4 images of data.yaml (sha256 "));
  };
  expect_same("labels", "low", 4, {"--qat", "low", "--qat-data", "data.yaml", "--qat-steps", "2"});
  expect_same("target", "low-tensorrt", 2, {"--qat", "low", "--qat-epochs", "1", "--target", "tensorrt"});
  expect_same("best", "low", 4, {"--preset", "best", "--qat", "low", "--qat-steps", "2"});
}

TEST_F(Proof, AReplayFindsInputsByTheirHashesAndNamesWhatIsOther) {
  forge("run.json", [](Json& json) { json["inputs"]["checkpoint"]["path"] = "/gone/yolov10n.pt"; });
  const auto missing = run_nibble({"replay", run_.string(), "-o", "again"}, folder_);
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("say with --model where it is"));
  fs::create_directories(folder_ / "calib");
  for (const auto& entry : fs::directory_iterator(kSource / "assets/coco/train2017"))
    fs::copy_file(entry.path(), folder_ / "calib" / ("renamed-" + entry.path().filename().string()));
  const auto found = run_nibble(
      {"replay", run_.string(), "-o", "again", "--model", (kSource / "assets").string(), "--calib", "calib", "--threads", "2"}, folder_);
  EXPECT_THAT(found.out, HasSubstr("not the same: threads: 1 then, 2 now"));
  EXPECT_THAT(found.out, Not(HasSubstr("DIFFERENT    onnx/")));
}

TEST_F(Proof, ScoreTakesABaselineAndGivesIntervals) {
  const auto detections = (run_ / "ptq-near-coco/detections.json").string(), baseline = (run_ / "baseline-coco/detections.json").string();
  const auto outcome = run_nibble({"score", detections, "--annotations", (run_ / "config/ground-truth.json").string(),
                                   "--baseline-detections", baseline, "--resamples", "200", "--json", "score.json"},
                                  folder_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("95 % intervals"));
  auto ours = read_json(folder_ / "score.json")["metrics"], runs = read_json(run_ / "ptq-near-coco/metrics.json")["metrics"];
  EXPECT_EQ(ours, runs) << "the same resamples of the same detections";
}

TEST(Gates, NotEnoughEvidenceFailsOnlyWhenStrict) {
  const auto folder = scratch_folder();
  write_file(folder / "near.yaml",
             "name: near\nweights: {bits: 8, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 1, batch: 1}\nbias_correction: false\nfp16_files: false\ngates: {max_map_drop: 1}\n"
             "rules:\n  - {match: model.0.conv}\n  - {match: '*', keep_float: true}\n");
  const auto run = [&](const std::string& gate, std::vector<std::string> more) {
    write_file(folder / "gates.yaml", gate);
    std::vector<std::string> all = {"run",  "--recipes", "near.yaml", "--imgsz", "160",        "--max-images", "6", "--runs-dir",
                                    "runs", "--threads", "1",         "--gates", "gates.yaml", "--run-id",     "a"};
    if (fs::exists(folder / "runs/a")) all.emplace_back("--resume");
    all.insert(all.end(), more.begin(), more.end());
    return run_nibble(all, folder);
  };
  ASSERT_EQ(run("{}\n", {}).exit_code, 0);
  const auto metrics = read_json(folder / "runs/a/baseline-coco/metrics.json")["metrics"];
  const double low = metrics["mAP_50_95_interval"][0], high = metrics["mAP_50_95_interval"][1];
  ASSERT_LT(low, high);
  const auto gate = "min_map: {baseline: " + std::to_string(metrics["mAP_50_95"].get<double>() * 0.4 + high * 0.6) + "}\n";
  const auto open = run(gate, {});
  EXPECT_EQ(open.exit_code, 0) << open.err;
  EXPECT_THAT(open.err, HasSubstr("have not enough evidence"));
  const auto document = read_json(folder / "runs/a/gates.json");
  EXPECT_EQ(document["passed"], true);
  EXPECT_EQ(document["undecided"], 1);
  const auto strict = run(gate, {"--strict-gates"});
  EXPECT_EQ(strict.exit_code, 1) << strict.err;
  EXPECT_EQ(read_json(folder / "runs/a/gates.json")["passed"], false);
}

}  // namespace
}  // namespace nibble
