// SPDX-License-Identifier: Apache-2.0
// Every command called as a function: its data, and that the program prints the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "data/pixels.h"
#include "library/embedded.h"
#include "support/scratch.h"
#include "text/result_text.h"

namespace nibble {
namespace {
using test::expect_error;
using test::exported;
using test::kAnnotations;
using test::kImages;
using test::kModel;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// What the program writes to standard output, run in `folder`.
std::string printed(const fs::path& folder, const std::string& arguments) {
  const auto command = "cd '" + folder.string() + "' && '" NIBBLE_BINARY_DIR "/nibble' " + arguments + " --quiet";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return text;
}

class Library : public test::Scratch {
 protected:
  Progress silent_;
};

TEST_F(Library, InspectTellsCheckpointsFromOnnxFiles) {
  const auto found = inspect(kModel);
  const auto& checkpoint = std::get<CheckpointSummary>(found);
  EXPECT_EQ(checkpoint.family, "yolov10");
  EXPECT_EQ(checkpoint.parameters, 2'775'520);
  EXPECT_EQ(checkpoint.bytes, static_cast<std::int64_t>(fs::file_size(kModel)));
  EXPECT_EQ(checkpoint.sha256, sha256_of_file(kModel));
  EXPECT_EQ(checkpoint.layers.size(), 24U);
  EXPECT_EQ(checkpoint.class_names.at(79), "79");
  EXPECT_THAT(checkpoint.strides, ElementsAre(8, 16, 32));
  EXPECT_THAT(checkpoint.foreign_names, IsEmpty());
  EXPECT_EQ(text_of(found), printed(folder(), "inspect '" + kModel.string() + "'"));
  EXPECT_EQ(json_text_of(found), printed(folder(), "inspect '" + kModel.string() + "' --json"));

  const auto file = exported(folder());
  const auto opened = inspect(file);
  const auto& onnx = std::get<OnnxInspection>(opened);
  EXPECT_EQ(onnx.summary.opset, 13);
  EXPECT_THAT(onnx.summary.inputs.at(0).shape, ElementsAre("1", "3", "160", "160"));
  EXPECT_EQ(onnx.summary.layers.size(), 83U);
  EXPECT_EQ(onnx.quantisation, "none: every layer is float");
  EXPECT_TRUE(onnx.providers.at(0).loads) << onnx.providers.at(0).problem;
  EXPECT_EQ(text_of(opened), printed(folder(), "inspect '" + file.string() + "'"));
  expect_error(ErrorKind::input, {"no.pt"}, [&] { inspect(folder() / "no.pt"); });
}

TEST_F(Library, ExportSaysWhatItWrote) {
  ExportOptions options;
  options.checkpoint = kModel;
  options.output = folder() / "a.onnx";
  options.image_size = test::kSmall;
  const auto result = export_baseline(options);
  EXPECT_EQ(result.file, options.output);
  EXPECT_EQ(result.bytes, static_cast<std::int64_t>(fs::file_size(options.output)));
  EXPECT_THAT(result.output_meaning, HasSubstr("80 class scores"));
  const auto shown = printed(folder(), "export '" + kModel.string() + "' -o '" + options.output.string() + "' --imgsz 160");
  EXPECT_EQ(text_of(result), shown);
  options.output.clear();
  expect_error(ErrorKind::usage, {"no output file"}, [&] { export_baseline(options); });
}

TEST_F(Library, QuantizeReturnsLayersFilesAndTwins) {
  const auto options = test::quick(folder(), file("near.yaml", test::kNearest));
  const auto result = quantize(options, silent_);
  EXPECT_EQ(result.recipe.name, "near");
  EXPECT_EQ(result.recipe.quantized_layers, 82);
  EXPECT_EQ(result.recipe.calibration_images, 1);
  EXPECT_THAT(result.recipe.skipped_layers, IsEmpty());
  ASSERT_EQ(result.layers.size(), 83U) << "the box decoder stays float and has a row";
  const auto& first = result.layers.front();
  EXPECT_EQ(first.name, "model.0.conv");
  EXPECT_EQ(first.weight_bits, 4);
  EXPECT_EQ(first.activation_bits, 8);
  EXPECT_EQ(first.method, "nearest");
  EXPECT_GT(first.sqnr_db, 10);
  EXPECT_LT(first.sqnr_db, 40);
  EXPECT_FALSE(result.budget);
  EXPECT_FALSE(result.training);
  ASSERT_EQ(result.files.size(), 3U);
  for (const auto& written : result.files) {
    EXPECT_TRUE(written.loads && written.finite) << written.problem;
    EXPECT_EQ(written.bytes, static_cast<std::int64_t>(fs::file_size(written.path)));
    EXPECT_EQ(written.sha256, sha256_of_file(written.path));
    EXPECT_EQ(written.weight_bits.at(4), 82);
  }
  ASSERT_EQ(result.twins.size(), 2U);
  for (const auto& twin : result.twins) EXPECT_EQ(twin.difference, "") << twin.artifact;
  EXPECT_EQ(result.twins[0].layers, 83);
  EXPECT_EQ(result.twins[0].codes, 2'290'272);
  EXPECT_TRUE(fs::exists(result.layers_file));
  const auto shown = printed(folder(), "quantize '" + kModel.string() + "' -o '" + options.output_dir.string() +
                                           "' --recipe near.yaml --calib-images 1 --imgsz 160 --threads 1");
  EXPECT_EQ(text_of(result), shown);
}

TEST_F(Library, CleanCountsAndCompares) {
  CleanOptions options;
  options.input = exported(folder());
  options.output = folder() / "clean.onnx";
  const auto result = clean(options);
  EXPECT_TRUE(result.outputs_compared);
  EXPECT_EQ(result.output_shapes, (std::vector<std::vector<std::int64_t>>{{1, 84, 525}}));
  EXPECT_EQ(result.before.bytes, static_cast<std::int64_t>(fs::file_size(options.input)));
  EXPECT_EQ(result.after.bytes, static_cast<std::int64_t>(fs::file_size(options.output)));
  EXPECT_LE(result.after.nodes, result.before.nodes);
  EXPECT_GE(result.passes.size(), 10U);
  const auto arguments = "clean '" + options.input.string() + "' -o '" + options.output.string() + "'";
  EXPECT_EQ(text_of(result), printed(folder(), arguments));
  EXPECT_EQ(json_text_of(result), printed(folder(), arguments + " --json"));
}

TEST_F(Library, PredictReturnsBoxesAndWhereTheyAreDrawn) {
  PredictOptions options;
  options.model = options.baseline = exported(folder());
  options.source = kImages / "000000000139.jpg";
  if (!fs::exists(options.source)) options.source = fs::directory_iterator(kImages)->path();
  options.output = folder() / "seen";
  options.save_text = true;
  const auto result = predict(options, silent_);
  ASSERT_EQ(result.images.size(), 1U);
  const auto& image = result.images[0];
  EXPECT_TRUE(fs::exists(image.picture));
  EXPECT_EQ(image.picture, options.output / (options.source.stem().string() + ".jpg"));
  EXPECT_TRUE(fs::exists(image.labels));
  EXPECT_EQ(result.input_size, ImageSize(test::kSmall));
  EXPECT_TRUE(result.is_compared);
  ASSERT_EQ(image.boxes.size(), image.baseline_boxes.size());
  for (const auto& box : image.boxes) {
    EXPECT_EQ(box.change, BoxChange::none);
    EXPECT_GE(box.confidence, 0.25);
    EXPECT_LE(box.box_xywh_px[0] + box.box_xywh_px[2], static_cast<double>(image.size.width) + 1);
  }
  options.source = folder() / "none";
  expect_error(ErrorKind::input, {"none"}, [&] { predict(options, silent_); });
  options.detect.confidence = 2;
  expect_error(ErrorKind::usage, {"confidence"}, [&] { predict(options, silent_); });
}

TEST_F(Library, AnImageDetectorFindsTheSameInAFileAndInPixels) {
  ImageDetectorOptions options;
  options.model = exported(folder());
  ImageDetector opened(options);
  const ImageDetector detector = std::move(opened);  // it may be handed on
  EXPECT_EQ(detector.input_size(), ImageSize(test::kSmall));
  EXPECT_EQ(detector.class_names().size(), 80U);
  const auto file = kImages / "000000000139.jpg";
  const auto objects = detector.detect(file);
  ASSERT_FALSE(objects.empty());
  const auto& first = objects.front();
  EXPECT_GT(first.score, 0.25);
  EXPECT_EQ(first.class_name, detector.class_names().at(first.class_index));
  for (const auto& object : objects) {
    EXPECT_LE(object.score, first.score);
    EXPECT_GE(std::min(object.left_px, object.top_px), 0);
    EXPECT_LE(object.left_px + object.width_px, 640.01);
    EXPECT_LE(object.top_px + object.height_px, 426.01);
  }
  // The same as the command's, which writes whole numbers of classes and boxes.
  EvalOptions eval;
  eval.model = options.model;
  eval.data.max_images = 1;
  eval.detect = options.detect;
  eval.skip_latency = true;
  EXPECT_EQ(evaluate(eval, silent_).metrics.num_detections, static_cast<std::int64_t>(objects.size()));

  const auto pixels = read_pixels(file, {426, 640}).pixels;
  const auto again = detector.detect(RgbView{pixels.rgb, {426, 640}});
  ASSERT_EQ(again.size(), objects.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].score, objects[i].score);
    EXPECT_EQ(again[i].left_px, objects[i].left_px);
    EXPECT_EQ(again[i].height_px, objects[i].height_px);
  }
  expect_error(ErrorKind::input, {"no.jpg"}, [&] { detector.detect(folder() / "no.jpg"); });
  expect_error(ErrorKind::usage, {"bytes"}, [&] { detector.detect(RgbView{pixels.rgb, {640, 640}}); });
  options.detect.iou = 2;
  expect_error(ErrorKind::usage, {"iou"}, [&] { ImageDetector{options}; });
}

TEST_F(Library, ATargetIsInspectedByItsTable) {
  const auto file = exported(folder());
  const auto found = inspect_for_target(file, "ort-cuda", "1.24");
  EXPECT_EQ(found.version, "1.24");
  EXPECT_EQ(inspect_for_target(file, "ort-cuda", "").version, "1.31.1");
  EXPECT_THAT(found.source, testing::Not(HasSubstr("assumed")));
  EXPECT_THAT(inspect_for_target(file, "ort-cuda", "1.31").source, testing::Not(HasSubstr("assumed")));
  EXPECT_THAT(inspect_for_target(file, "ort-cuda", "9.9").source, HasSubstr("; 9.9 is none of them: the kernels of 1.31.1 are assumed"));
  const auto arguments = "inspect '" + file.string() + "' --target ort-cuda --ort 1.24";
  EXPECT_EQ(text_of(found), printed(folder(), arguments));
  EXPECT_EQ(json_text_of(found), printed(folder(), arguments + " --json"));
  EXPECT_EQ(inspect_for_target(file, "tensorrt", "").version, "");
  EXPECT_EQ(text_of(inspect_for_target(file, "tensorrt", "")), printed(folder(), "inspect '" + file.string() + "' --target tensorrt"));
  expect_error(ErrorKind::usage, {"--ort 1.24", "only for the target ort-cuda"}, [&] { inspect_for_target(file, "tensorrt", "1.24"); });
  expect_error(ErrorKind::usage, {"tensorflow", "litert"}, [&] { inspect_for_target(file, "tensorflow", ""); });
}

TEST_F(Library, EvaluateAndScoreGiveTheSameNumbers) {
  EvalOptions options;
  options.model = exported(folder());
  options.data.max_images = 4;
  options.skip_latency = true;
  options.save_detections = folder() / "d.json";
  const auto result = evaluate(options, silent_);
  EXPECT_EQ(result.head, "one2many");
  EXPECT_EQ(result.metrics.num_images, 4);
  EXPECT_GT(result.metrics.map_50_95, 0.1);
  EXPECT_EQ(result.metrics.per_class.size(), 80U);
  EXPECT_FALSE(result.latency);
  EXPECT_EQ(result.providers.back(), "CPUExecutionProvider");
  EXPECT_EQ(result.annotations, "assets/coco/instances_val2017_32.json");
  ScoreOptions again;
  again.detections = options.save_detections;
  again.data.annotations = kAnnotations;
  again.data.max_images = 4;
  const auto scored = score(again);
  EXPECT_EQ(scored.metrics.map_50_95, result.metrics.map_50_95);
  EXPECT_EQ(scored.metrics.num_detections, result.metrics.num_detections);
  EXPECT_EQ(text_of(scored.metrics), text_of(result));
  EXPECT_EQ(text_of(scored), printed(folder(), "score d.json --max-images 4 --annotations '" + kAnnotations.string() + "'"));
  EXPECT_EQ(text_of(result), printed(folder(), "eval '" + options.model.string() + "' --max-images 4 --skip-latency"));
}

TEST_F(Library, CompareAFileWithItself) {
  CompareOptions options;
  options.a = options.b = exported(folder());
  options.data.images = kImages;
  options.data.max_images = 2;
  options.tensor_images = 1;
  options.runtime.threads = 1;
  const auto comparison = compare(options, silent_);
  EXPECT_EQ(comparison.count, 2);
  EXPECT_EQ(comparison.category_names.at(0), "0");
  ASSERT_TRUE(comparison.tensors);
  EXPECT_EQ(comparison.tensors->layers.size(), 83U);
  EXPECT_FALSE(comparison.tensors->first_different());
  EXPECT_GT(comparison.detections.against_a.total(), 0);
  EXPECT_EQ(comparison.detections.against_a.count(Outcome::found), comparison.detections.against_a.total());
  EXPECT_FALSE(comparison.detections.truth) << "there are no annotations";
  ASSERT_EQ(comparison.advice.size(), 1U);
  EXPECT_THAT(comparison.advice[0].what, HasSubstr("nothing"));
  EXPECT_EQ(text_of(comparison, false), printed(folder(), "compare '" + options.a.string() + "' '" + options.b.string() + "' --images '" +
                                                              kImages.string() + "' --max-images 2 --layer-images 1 --threads 1"));
}

TEST_F(Library, ProfileTimesFilesInTurns) {
  ProfileOptions options;
  options.models = {exported(folder()), exported(folder(), "again.onnx")};
  options.runs = 2;
  options.runtime.threads = 1;
  const auto result = profile(options, silent_);
  ASSERT_EQ(result.models.size(), 2U);
  const auto& first = result.models[0];
  EXPECT_EQ(first.head, "one2many");
  EXPECT_EQ(first.ratio, 1);
  EXPECT_EQ(first.latency.runs, 2);
  EXPECT_EQ(result.models[1].ratio, result.models[1].latency.median_ms / first.latency.median_ms);
  EXPECT_EQ(first.levels.size(), 3U) << "basic, extended, all";
  int nodes = 0;
  double us = 0;
  for (const auto& op : first.ops) {
    nodes += op.nodes;
    us += op.us;
  }
  EXPECT_EQ(nodes, static_cast<int>(first.nodes.size()));
  EXPECT_EQ(nodes, first.nodes_by_provider.at("CPUExecutionProvider"));
  EXPECT_NEAR(us, first.total_us, 1e-6 * us);
  EXPECT_THAT(text_of(result), HasSubstr("float.onnx (one2many)"));
}

TEST_F(Library, CalibrationImagesAreChecked) {
  CalibrationCheckOptions options;
  options.calibration = kImages;
  options.calibration_images = 3;
  options.images = kImages;
  options.model = exported(folder());
  options.runtime.threads = 1;
  const auto check = check_calibration(options, silent_);
  EXPECT_EQ(check.images, 3);
  EXPECT_EQ(check.scored_images, 32);
  EXPECT_EQ(check.usable(), 3);
  EXPECT_EQ(check.also_scored.size(), 3U) << "they are the first of the same images";
  EXPECT_EQ(check.also_scored[0].file, check.also_scored[0].of);
  ASSERT_TRUE(check.convergence);
  EXPECT_EQ(check.convergence->images, 3);
  EXPECT_EQ(check.convergence->rows.front().images, 8);
  EXPECT_THAT(check.objections, testing::Contains(HasSubstr("flattered")));
  const auto images = "'" + kImages.string() + "'";
  EXPECT_EQ(text_of(check), printed(folder(), "doctor --calib " + images + " --calib-images 3 --threads 1 --images " + images +
                                                  " --model '" + options.model.string() + "'"));
}

TEST_F(Library, DoctorListsWhatIsThere) {
  const auto diagnosis = doctor("cpu");
  EXPECT_TRUE(diagnosis.complete) << text_of(diagnosis);
  const auto is_runtime = [](const DiagnosisRow& row) { return row.what == "ONNX Runtime" && row.state == DiagnosisRow::State::ok; };
  EXPECT_TRUE(std::any_of(diagnosis.rows.begin(), diagnosis.rows.end(), is_runtime));
  EXPECT_EQ(diagnosis.rows.front().what, "nibble");
  EXPECT_EQ(diagnosis.rows.front().detail, kVersion);
  expect_error(ErrorKind::usage, {"tpu"}, [] { doctor("tpu"); });
  const auto libraries = library_states();
  ASSERT_EQ(libraries.size(), 3U);
  EXPECT_EQ(libraries[0].name, "LibTorch");
  for (const auto& library : libraries) EXPECT_NE(library.version, "") << library.detail;
}

TEST_F(Library, DataIsLookedForWhereItWasSaidToLie) {
  EvalOptions options;
  options.model = exported(folder());
  Locations locations;
  locations.data = folder() / "elsewhere";
  set_locations(locations);
  expect_error(ErrorKind::environment, {"elsewhere/assets/coco"}, [&] { evaluate(options, silent_); });
  set_locations({});
  options.data.max_images = 1;
  options.skip_latency = true;
  EXPECT_EQ(evaluate(options, silent_).metrics.num_images, 1);
}

/// In a process of its own, because a module that was loaded stays; exits as the program would.
[[noreturn]] void evaluate_with_modules_in(const fs::path& folder, EvalOptions options) {
  Locations locations;
  locations.modules = folder;
  set_locations(locations);
  options.data.max_images = 1;
  options.skip_latency = true;
  Progress silent;
  try {
    evaluate(options, silent);
    std::exit(0);
  } catch (const Error& error) {
    std::fputs(error.what(), stderr);
    std::exit(error.exit_code());
  }
}

TEST_F(Library, ModulesAreLookedForWhereTheyWereSaidToLie) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EvalOptions options;
  options.model = exported(folder());
  EXPECT_EXIT(evaluate_with_modules_in(folder() / "elsewhere", options), testing::ExitedWithCode(5), "libnibble_image.so.*elsewhere");
  EXPECT_EXIT(evaluate_with_modules_in(NIBBLE_BINARY_DIR, options), testing::ExitedWithCode(0), "");
}

TEST_F(Library, RunReturnsItsReport) {
  RunOptions options;
  options.recipes = {file("near.yaml", test::kNearest).string()};
  options.calibration_images = 1;
  options.image_size = test::kSmall;
  options.runs_dir = folder() / "runs";
  options.run_id = "one";
  options.smoke = true;
  options.runtime.threads = 1;
  const auto result = run(options, silent_);
  EXPECT_EQ(result.directory, options.runs_dir / "one");
  EXPECT_EQ(result.report.status, "done");
  EXPECT_EQ(result.report.recipes.at(0).quantized_layers, 82);
  EXPECT_EQ(text_of(result), read_file(result.directory / "summary.md") + "\nrun directory: " + result.directory.string() + "\n");
}

/// Made by one, checked by another, made again by a third.
TEST_F(Library, ARunIsCheckedAndMadeAgain) {
  RunOptions options;
  options.recipes = {file("near.yaml", test::kNearest).string()};
  options.calibration_images = 1;
  options.image_size = test::kSmall;
  options.data.max_images = 3;
  options.resamples = 50;
  options.runs_dir = folder() / "runs";
  options.run_id = "one";
  options.runtime.threads = 1;
  const auto made = run(options, silent_);
  ASSERT_EQ(made.report.status, "done");

  VerifyOptions checking;
  checking.run_dir = made.directory;
  checking.score = true;
  checking.runtime.threads = 1;
  const auto checked = verify(checking, silent_);
  EXPECT_TRUE(checked.holds());
  EXPECT_EQ(checked.model, "yolov10n");
  EXPECT_EQ(checked.count(CheckOutcome::not_checked), 0);
  const auto scored_again =
      std::count_if(checked.checks.begin(), checked.checks.end(), [](const auto& c) { return c.what == "score again"; });
  EXPECT_EQ(scored_again, 3) << "the baseline, QCDQ and the integer form";

  ReplayOptions repeating;
  repeating.run_dir = made.directory;
  repeating.output = folder() / "again";
  const auto replayed = replay(repeating, silent_);
  EXPECT_TRUE(replayed.same());
  EXPECT_THAT(replayed.reasons, IsEmpty());
  EXPECT_EQ(replayed.run.directory, repeating.output);
  EXPECT_EQ(replayed.scores.size(), 3U);
  EXPECT_EQ(std::count_if(replayed.files.begin(), replayed.files.end(), [](const auto& f) { return f.path.ends_with(".onnx"); }), 6);
  EXPECT_EQ(sha256_of_file(repeating.output / "onnx/yolov10n-near-int4-ptq.onnx"),
            sha256_of_file(made.directory / "onnx/yolov10n-near-int4-ptq.onnx"));

  auto damaged = read_file(made.directory / "onnx/yolov10n-near-int4-ptq.onnx");
  damaged[damaged.size() / 2] ^= 1;
  write_file(made.directory / "onnx/yolov10n-near-int4-ptq.onnx", damaged);
  checking.score = false;
  const auto broken = verify(checking, silent_);
  EXPECT_FALSE(broken.holds());
  const auto first =
      std::find_if(broken.checks.begin(), broken.checks.end(), [](const auto& c) { return c.outcome == CheckOutcome::broken; });
  EXPECT_EQ(first->what, "hash");
  EXPECT_EQ(first->subject, "onnx/yolov10n-near-int4-ptq.onnx");
  checking.run_dir = folder();
  expect_error(ErrorKind::input, {"run.json"}, [&] { verify(checking, silent_); });
  repeating.run_dir = folder();
  expect_error(ErrorKind::input, {"run.json"}, [&] { replay(repeating, silent_); });
}

}  // namespace
}  // namespace nibble
