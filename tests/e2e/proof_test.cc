// SPDX-License-Identifier: Apache-2.0
// A run checked and made again by somebody else: `nibble verify`, `nibble replay`, gates with intervals, JUnit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    home_ = shared_folder("proof", [](const fs::path& home) {
      write_file(home / "near.yaml",
                 "name: near\nweights: {bits: 8, rounding: nearest, scale_search: max, error_propagation: false}\n"
                 "calibration: {images: 1, batch: 1}\nbias_correction: false\nfp16_files: false\ngates: {max_map_drop: 1}\n");
      write_file(home / "gates.yaml",
                 "gates:\n  - {metric: bytes, variant: '*-unpack-*', compare: ratio, at_most: 0.5}\n"
                 "  - {metric: mAP_50_95, compare: difference, at_least: -0.9}\n");
      const Outcome outcome =
          run_nibble({"run", "--recipes", "near.yaml", "--imgsz", "160", "--max-images", "6", "--runs-dir", "runs", "--run-id", "a",
                      "--threads", "1", "--gates", "gates.yaml", "--junit", "gates.xml", "--resamples", "200"},
                     home);
      if (outcome.exit_code != 0) throw std::runtime_error(outcome.err);
    });
  }

  void SetUp() override { fs::copy(home_ / "runs/a", run_, fs::copy_options::recursive); }
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

/// One line that names file and place, with the exit code of bad input.
void expect_named(const Outcome& outcome, const std::string& file, const std::string& place) {
  EXPECT_EQ(outcome.exit_code, 3) << file << ": " << outcome.out << outcome.err;
  const auto lines = lines_of(outcome.err);
  ASSERT_FALSE(lines.empty()) << file;
  EXPECT_THAT(lines.back(), HasSubstr("nibble: malformed file: "));
  EXPECT_THAT(lines.back(), HasSubstr(file + ": " + place));
  EXPECT_THAT(outcome.err, Not(HasSubstr("json.exception")));
}

struct Malformed {
  const char* file;
  std::function<void(Json&)> edit;
  const char* place;
};

TEST_F(Proof, VerifyNamesThePlaceOfWhatIsMalformedThoughEveryHashIsRight) {
  const std::vector<Malformed> cases = {
      {"run.json", [](Json& json) { json["artifacts"][1]["loads"] = "yes"; }, "artifacts[1].loads: expected true or false, found \"yes\""},
      {"run.json", [](Json& json) { json["twins"][0].erase("integers"); }, "twins[0]: has no 'integers'"},
      {"run.json", [](Json& json) { json["seed"] = -1; }, "seed: expected a whole number from 0 on, found -1"},
      {"run.json", [](Json& json) { json["recipes"] = "near"; }, "recipes: expected a list"},
      {"ptq-near-coco/metrics.json", [](Json& json) { json["metrics"].erase("num_images"); }, "metrics: has no 'num_images'"},
      {"ptq-near-coco/metrics.json", [](Json& json) { json["metrics"]["mAP_50_interval"] = {0.1}; },
       "metrics.mAP_50_interval: has 1 entries, expected 2 or more"},
      {"ptq-near-coco/layers.json", [](Json& json) { json["recipe"]["float_layers"] = {1}; }, "recipe.float_layers[0]: expected a text"},
      {"ptq-near-coco/compare.json", [](Json& json) { json["detections"]["against_a"]["found"] = 5; },
       "detections.against_a.found: expected an object, found 5"},
  };
  for (const auto& [file, edit, place] : cases) {
    const auto saved = read_file(run_ / file), manifest = read_file(run_ / "run.json");
    forge(file, edit);
    expect_named(verify(), file, place);
    write_file(run_ / file, saved);
    write_file(run_ / "run.json", manifest);
  }
  forge("ptq-near-coco/detections.json", [](Json& json) { json[0]["score"] = "high"; });
  const auto outcome = verify();
  EXPECT_EQ(outcome.exit_code, 1) << "the claim that the score comes from it does not hold, the others are still checked";
  EXPECT_THAT(outcome.out, HasSubstr("BROKEN       score: ptq-near-coco/metrics.json: "));
  EXPECT_THAT(outcome.out, HasSubstr("ptq-near-coco/detections.json"));
  EXPECT_THAT(outcome.out, HasSubstr("score"));
}

TEST_F(Proof, ResumeNamesThePlaceOfWhatIsMalformedThoughEveryHashIsRight) {
  const auto resume = [&] {
    return run_nibble({"run", "--recipes", (home_ / "near.yaml").string(), "--imgsz", "160", "--max-images", "6", "--runs-dir", ".",
                       "--run-id", "a", "--threads", "1", "--resamples", "200", "--resume"},
                      folder_);
  };
  ASSERT_EQ(resume().exit_code, 0);
  const std::vector<Malformed> cases = {
      {"runtime.json", [](Json& json) { json["near-unpack-ptq"].erase("ops"); }, "near-unpack-ptq: has no 'ops'"},
      {"runtime.json", [](Json& json) { json.erase("near-int4-ptq"); }, "has no 'near-int4-ptq'"},
      {"runtime.json", [](Json& json) { json["baseline-fp32"]["levels"][1]["max_score"] = "low"; },
       "baseline-fp32.levels[1].max_score: expected a number, found \"low\""},
      {"runtime.json", [](Json& json) { json = 5; }, "expected an object, found 5"},
      {"calibration-check.json", [](Json& json) { json["caveats"] = {nullptr}; }, "caveats[0]: expected a text, found null"},
      {"baseline-coco/metrics.json", [](Json& json) { json["providers"] = 1; }, "providers: expected a list, found 1"},
      {"ptq-near-coco/layers.json", [](Json& json) { json["recipe"].erase("name"); }, "recipe: has no 'name'"},
      {"ptq-near-coco/layers.json", [](Json& json) { json["layers"][2]["weight_bits"] = 4.5; },
       "layers[2].weight_bits: expected a whole number"},
      {"ptq-near-coco/compare.json", [](Json& json) { json["tensors"]["layers"][3]["layer"] = 3; },
       "tensors.layers[3].layer: expected a text"},
      {"ptq-near-coco/pictures.json", [](Json& json) { json["pictures"][0]["file"] = false; },
       "pictures[0].file: expected a text, found false"},
      {"ptq-near-coco/curves.json", [](Json& json) { json["precision"][7] = {}; }, "precision[7]: expected a number, found null"},
  };
  for (const auto& [file, edit, place] : cases) {
    const auto saved = read_file(run_ / file), manifest = read_file(run_ / "run.json");
    forge(file, edit);
    const auto outcome = resume();
    expect_named(outcome, file, place);
    EXPECT_THAT(outcome.err, HasSubstr("remove it and run again with --resume"));
    write_file(run_ / file, saved);
    write_file(run_ / "run.json", manifest);
  }
  fs::remove(run_ / "runtime.json");
  EXPECT_EQ(resume().exit_code, 0) << "what is removed is made again";
}

TEST_F(Proof, ReplayNamesThePlaceOfWhatIsMalformedBeforeAnyWork) {
  const std::vector<Malformed> cases = {
      {"run.json", [](Json& json) { json["settings"]["resamples"] = "many"; }, "settings.resamples: expected a whole number"},
      {"run.json", [](Json& json) { json["runtime"]["threads"] = 3'000'000'000; }, "runtime.threads: expected a whole number nearer to 0"},
      {"run.json", [](Json& json) { json["artifacts"][0]["score"].erase("mAP_50_95"); }, "artifacts[0].score: has no 'mAP_50_95'"},
      {"run.json", [](Json& json) { json["files"]["onnx/yolov10n-near-int4-ptq.onnx"] = 5; }, "expected an object, found 5"},
      {"run.json", [](Json& json) { json["inputs"]["checkpoint"].erase("sha256"); }, "inputs.checkpoint: has no 'sha256'"},
      {"config/images.json", [](Json& json) { json["scored"][0]["sha256"] = 0; }, "scored[0].sha256: expected a text, found 0"},
      {"config/images.json", [](Json& json) { json["calibration"]["near"][0].erase("file"); }, "calibration.near[0]: has no 'file'"},
  };
  for (const auto& [file, edit, place] : cases) {
    const auto saved = read_file(run_ / file), manifest = read_file(run_ / "run.json");
    forge(file, edit);
    const auto outcome = run_nibble({"replay", run_.string(), "-o", "again"}, folder_);
    EXPECT_EQ(outcome.exit_code, 3) << file;
    EXPECT_THAT(outcome.err, HasSubstr(file));
    EXPECT_THAT(outcome.err, HasSubstr(place));
    EXPECT_EQ(lines_of(outcome.err).size(), 1U) << outcome.err;
    EXPECT_FALSE(fs::exists(folder_ / "again"));
    write_file(run_ / file, saved);
    write_file(run_ / "run.json", manifest);
  }
}

/// Earlier versions took both, and scored nothing.
TEST_F(Proof, ASmokeRunThatRecordsAReferenceIsReplayed) {
  forge("run.json", [](Json& json) { json["settings"]["smoke"] = json["settings"]["reference"] = true; });
  const auto outcome = run_nibble({"replay", run_.string(), "-o", "again"}, folder_);
  EXPECT_LE(outcome.exit_code, 1) << outcome.err;
  EXPECT_TRUE(fs::exists(folder_ / "again/run.json")) << outcome.err;
}

TEST_F(Proof, OptionsWithoutEffectAreRefused) {
  const auto refused = [&](const std::vector<std::string>& command, const std::string& part) {
    const auto outcome = run_nibble(command, folder_);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(part));
  };
  refused({"verify", run_.string(), "--images", "."}, "--images: is for --score");
  refused({"replay", run_.string(), "-o", "again", "--qat-data", "."}, "--qat-data: the run trained nothing");
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
    Json manifest = read_json(folder / "runs" / id / "run.json");  // as of versions that took such folders and did not read them
    manifest["inputs"]["evaluation"]["images"] = manifest["settings"]["qat_images"] = "gone";
    write_json(folder / "runs" / id / "run.json", manifest);
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
