// SPDX-License-Identifier: Apache-2.0
// inspect, export, eval and quantize on the embedded model.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "export/onnx_file.h"
#include "yolo/test_tiny_model.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";

class Commands : public testing::Test {
 protected:
  Outcome nibble(const std::vector<std::string>& arguments) { return run_nibble(arguments, folder_); }
  Json inspected(const std::string& file) {
    const auto outcome = nibble({"inspect", file, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
  }
  std::filesystem::path folder_ = scratch_folder();
};

TEST_F(Commands, InspectReadsTheCheckpoint) {
  const auto json = inspected(kModel);
  EXPECT_EQ(json["family"], "yolov10");
  EXPECT_EQ(json["names"].size(), 80U);
  EXPECT_EQ(json["names"]["79"], "79");
  EXPECT_EQ(json["strides"], Json({8, 16, 32}));
  EXPECT_EQ(json["layers"].size(), 24U);
  EXPECT_EQ(json["sha256"], sha256_of_file(kModel));
  const auto text = nibble({"inspect", kModel});
  EXPECT_THAT(text.out, HasSubstr("Nothing in the file was executed"));
}

/// What export refuses, inspect refuses with the same line and exit code, behind all that it could read.
TEST_F(Commands, InspectTellsWhatExportWillSay) {
  struct Form {
    std::string name;
    int exit_code;
    std::function<void(test::TinyOptions&)> change;
  };
  const std::vector<Form> forms{
      {"whole", 0, [](test::TinyOptions&) {}},
      {"fused", 0, [](test::TinyOptions& o) { o.fused = true; }},
      {"one2one_alone", 0, [](test::TinyOptions& o) { o.with_one2many = false; }},
      {"no_branch", 4, [](test::TinyOptions& o) { o.with_one2many = o.with_one2one = false; }},
      {"unknown_module", 4, [](test::TinyOptions& o) { o.first_class = "CBAM"; }},
      {"activation", 4, [](test::TinyOptions& o) { o.activation = "GELU"; }},
      {"grayscale", 4, [](test::TinyOptions& o) { o.claimed_channels = 1; }},
      {"yaml_layers", 3,
       [](test::TinyOptions& o) {
         o.yaml_changes = {{"backbone", test::list({})}};
       }},
      {"names", 3,
       [](test::TinyOptions& o) {
         o.model_changes = {{"names", test::list({test::text("cat")})}};
       }},
      {"no_yaml", 3,
       [](test::TinyOptions& o) {
         o.model_changes = {{"yaml", test::none()}};
       }},
      {"no_number", 6, [](test::TinyOptions& o) { o.weight = std::nanf(""); }},
      {"task", 4, [](test::TinyOptions& o) { o.model_class = "DepthModel"; }},
      {"strides", 3,
       [](test::TinyOptions& o) {
         o.head_changes = {{"stride", test::integers({4, 8})}};
       }},
  };
  for (const auto& form : forms) {
    test::TinyOptions options;
    form.change(options);
    const auto file = form.name + ".pt";
    std::ofstream(folder_ / file, std::ios::binary) << test::TinyModel(options).bytes();
    const auto head = form.name == "one2one_alone" ? "one2one" : "one2many";
    const auto exported = nibble({"export", file, "-o", "x.onnx", "--head", head});
    const auto seen = nibble({"inspect", file}), json = nibble({"inspect", file, "--json"});
    EXPECT_EQ(exported.exit_code, form.exit_code) << form.name << exported.err;
    EXPECT_EQ(seen.exit_code, form.exit_code) << form.name;
    EXPECT_EQ(json.exit_code, form.exit_code) << form.name;
    EXPECT_EQ(seen.err, exported.err) << form.name;
    if (form.name == "task") continue;  // what stands in it is not known
    const auto refused = Json::parse(json.out)["refused"];
    if (form.exit_code == 0) {
      EXPECT_TRUE(refused.is_null()) << form.name;
      EXPECT_THAT(seen.out, testing::Not(HasSubstr("\nrefused"))) << form.name;
      continue;
    }
    EXPECT_EQ("nibble: " + refused.get<std::string>() + "\n", exported.err);
    EXPECT_THAT(seen.out, HasSubstr(fmt::format("\nrefused     export ends with exit code {}: checkpoint: {}: ", form.exit_code, file)));
    EXPECT_THAT(seen.out, HasSubstr("Nothing in the file was executed"));
  }
  EXPECT_THAT(nibble({"inspect", "one2one_alone.pt"}).out, HasSubstr("\nheads       one2one, raw_one2one\n"));
  EXPECT_THAT(nibble({"inspect", "whole.pt"}).out, HasSubstr("\ninput       640 x 640 px, unless --imgsz says otherwise\n"));
  EXPECT_EQ(inspected("whole.pt")["heads"], Json({"one2one", "raw_one2one", "one2many", "raw"}));
  EXPECT_EQ(inspected("whole.pt")["imgsz"], 640);
}

TEST_F(Commands, InspectNamesWhatIsNoCheckpointAsExportDoes) {
  const auto write = [&](const char* name, std::string_view bytes) { std::ofstream(folder_ / name, std::ios::binary) << bytes; };
  using namespace std::string_view_literals;
  write("model.safetensors", "\2\0\0\0\0\0\0\0{}"sv);
  write("model.bin", "\x80\2}q\0."sv);
  write("model.ckpt", ""sv);
  for (const auto& [name, what] : {std::pair{"model.safetensors", "this is a safetensors file: tensors without the model's structure"},
                                   std::pair{"model.bin", "this is a bare pickle"}, std::pair{"model.ckpt", "the file is empty"}}) {
    const auto seen = nibble({"inspect", name});
    EXPECT_EQ(seen.exit_code, 3) << name;
    EXPECT_THAT(seen.err, HasSubstr(what));
    EXPECT_EQ(seen.err, nibble({"export", name, "-o", "x.onnx"}).err);
  }
}

TEST_F(Commands, ExportWritesEveryHeadAndInspectExplainsIt) {
  const std::vector<std::pair<std::string, Json>> heads = {
      {"one2one", {"1", "300", "6"}}, {"one2many", {"1", "84", "8400"}}, {"raw", {"1", "144", "8400"}}};
  for (const auto& [head, shape] : heads) {
    const auto outcome = nibble({"export", kModel, "-o", head + ".onnx", "--head", head});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto json = inspected(head + ".onnx");
    EXPECT_EQ(json["outputs"][0]["shape"], shape) << head;
    EXPECT_EQ(json["outputs"][0]["name"], "output0");
    EXPECT_EQ(json["metadata"]["nibble.source_sha256"], sha256_of_file(kModel));
  }
  EXPECT_THAT(nibble({"inspect", "one2one.onnx"}).out, HasSubstr("no NMS needed"));
}

TEST_F(Commands, ExportTakesSizeBatchHalfAndOpset) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "a.onnx", "--imgsz", "320", "--batch", "dynamic", "--half", "--opset", "17"}).exit_code, 0);
  const auto json = inspected("a.onnx");
  EXPECT_EQ(json["opset"], 17);
  EXPECT_EQ(json["inputs"][0]["shape"], Json({"batch", "3", "320", "320"}));
  EXPECT_EQ(json["metadata"]["imgsz"], "[320, 320]");
  ASSERT_EQ(nibble({"export", kModel, "-o", "b.onnx", "--imgsz", "320"}).exit_code, 0);
  EXPECT_LT(json["bytes"].get<double>(), 0.6 * inspected("b.onnx")["bytes"].get<double>());
}

TEST_F(Commands, RectanglesAreExportedAndScored) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "wide.onnx", "--imgsz", "192", "320"}).exit_code, 0);
  ASSERT_EQ(nibble({"export", "--imgsz=192x320", kModel, "-o", "again.onnx"}).exit_code, 0);
  EXPECT_EQ(sha256_of_file(folder_ / "wide.onnx"), sha256_of_file(folder_ / "again.onnx"));
  const auto json = inspected("wide.onnx");
  EXPECT_EQ(json["inputs"][0]["shape"], Json({"1", "3", "192", "320"}));
  EXPECT_EQ(json["outputs"][0]["shape"], Json({"1", "84", "1260"}));
  EXPECT_EQ(json["metadata"]["imgsz"], "[192, 320]");
  const auto eval = nibble({"eval", "wide.onnx", "--max-images", "16", "--skip-latency", "--json", "wide.json"});
  ASSERT_EQ(eval.exit_code, 0) << eval.err;
  const auto wide = read_json(folder_ / "wide.json");
  EXPECT_EQ(wide["imgsz"], Json({192, 320}));
  // Exchanged sides or boxes mapped back wrongly cost nearly all of it; the square of the longer side sees a little more.
  ASSERT_EQ(nibble({"export", kModel, "-o", "square.onnx", "--imgsz", "320"}).exit_code, 0);
  ASSERT_EQ(nibble({"eval", "square.onnx", "--max-images", "16", "--skip-latency", "--json", "square.json"}).exit_code, 0);
  const auto map = [](const Json& metrics) { return metrics["metrics"]["mAP_50_95"].get<double>(); };
  EXPECT_GT(map(wide), 0.6 * map(read_json(folder_ / "square.json")));
  EXPECT_EQ(nibble({"eval", "wide.onnx", "--max-images", "1", "--skip-latency", "--imgsz", "192,320"}).exit_code, 0);
  const auto refused = nibble({"eval", "wide.onnx", "--max-images", "1", "--imgsz", "320"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("192 x 320 (height x width) px only"));
  const auto odd = nibble({"export", kModel, "-o", "odd.onnx", "--imgsz", "200,330"});
  EXPECT_EQ(odd.exit_code, 2);
  EXPECT_THAT(odd.err, HasSubstr("take 192,320"));
}

TEST_F(Commands, TheSameExportHasTheSameBytes) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "a.onnx"}).exit_code, 0);
  ASSERT_EQ(nibble({"export", kModel, "-o", "b.onnx"}).exit_code, 0);
  EXPECT_EQ(sha256_of_file(folder_ / "a.onnx"), sha256_of_file(folder_ / "b.onnx"));
}

TEST_F(Commands, EvalScoresAllThreeHeadsAlike) {
  std::vector<double> maps;
  for (const std::string head : {"one2many", "raw", "one2one"}) {
    ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--head", head}).exit_code, 0);
    const auto outcome =
        nibble({"eval", "m.onnx", "--max-images", "8", "--skip-latency", "--json", "metrics.json", "--save-detections", "d.json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto json = read_json(folder_ / "metrics.json");
    EXPECT_EQ(json["head"], head);
    EXPECT_EQ(json["max_images"], 8);
    maps.push_back(json["metrics"]["mAP_50_95"].get<double>());
    EXPECT_THAT(outcome.out, HasSubstr("mAP_50_95 "));
  }
  EXPECT_GT(maps[0], 0.2);
  EXPECT_NEAR(maps[1], maps[0], 1e-3);
  EXPECT_NEAR(maps[2], maps[0], 0.1);
}

TEST_F(Commands, EvalAndScoreGiveTheSameNumbers) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx"}).exit_code, 0);
  ASSERT_EQ(nibble({"eval", "m.onnx", "--max-images", "4", "--skip-latency", "--json", "a.json", "--save-detections", "d.json"}).exit_code,
            0);
  const std::string annotations = NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json";
  ASSERT_EQ(nibble({"score", "d.json", "--annotations", annotations, "--max-images", "4", "--json", "b.json"}).exit_code, 0);
  EXPECT_EQ(read_json(folder_ / "a.json")["metrics"], read_json(folder_ / "b.json")["metrics"]);
}

/// Reading this data.yaml makes ids that nobody else knows: detections name files, those of one name with their folders.
TEST_F(Commands, DetectionsOfADataFileNameItsFiles) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  const fs::path from = NIBBLE_SOURCE_DIR "/assets/coco/val2017";
  for (const auto& [name, file] : {std::pair{"139", "2"}, {"285", "p/7"}, {"632", "q/7"}}) {
    const auto image = folder_ / "images" / (std::string(file) + ".jpg");
    fs::create_directories(image.parent_path());
    fs::copy_file(from / (std::string(12 - std::string(name).size(), '0') + name + ".jpg"), image);
    write_file(folder_ / "labels" / (std::string(file) + ".txt"), "0 0.5 0.5 0.6 0.8\n21 0.5 0.5 0.9 0.9\n");
  }
  Json names = Json::array();
  for (int i = 0; i < 80; ++i) names.push_back("class " + std::to_string(i));
  write_json(folder_ / "data.json", {{"val", "images"}, {"names", names}});
  fs::rename(folder_ / "data.json", folder_ / "data.yaml");  // JSON is YAML
  const auto outcome = run_nibble(
      {"eval", "m.onnx", "--annotations", "data.yaml", "--skip-latency", "--json", "a.json", "--save-detections", "d.json"}, folder_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::set<std::string> ids;
  for (const auto& detection : read_json(folder_ / "d.json")) ids.insert(detection["image_id"]);
  EXPECT_EQ(ids, (std::set<std::string>{"2.jpg", "images/p/7.jpg", "images/q/7.jpg"}));
  ASSERT_EQ(
      run_nibble({"score", "d.json", "--annotations", "data.yaml", "--category-ids", "annotations", "--json", "b.json"}, folder_).exit_code,
      0);
  EXPECT_EQ(read_json(folder_ / "a.json")["metrics"], read_json(folder_ / "b.json")["metrics"]);
}

TEST_F(Commands, ScoreOfAPartTakesTheDetectionsOfTheWhole) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  const auto eval = [&](const std::string& count, const std::string& detections) {
    return nibble({"eval", "m.onnx", "--max-images", count, "--skip-latency", "--json", "a.json", "--save-detections", detections});
  };
  ASSERT_EQ(eval("8", "all.json").exit_code, 0);
  ASSERT_EQ(eval("4", "part.json").exit_code, 0);
  const std::string annotations = NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json";
  const auto outcome = nibble({"score", "all.json", "--annotations", annotations, "--max-images", "4", "--json", "b.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(read_json(folder_ / "a.json")["metrics"], read_json(folder_ / "b.json")["metrics"]);
  write_file(folder_ / "foreign.json", R"([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5}])");
  const auto refused = nibble({"score", "foreign.json", "--annotations", annotations, "--max-images", "4"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("image 1 is not in"));
}

TEST_F(Commands, EvalTakesAnnotationsWithoutImageSizes) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  Json annotations = read_json(NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json");
  for (auto& image : annotations["images"]) {
    image.erase("width");
    image.erase("height");
  }
  write_json(folder_ / "bare.json", annotations);
  const auto outcome = nibble({"eval", "m.onnx", "--annotations", "bare.json", "--images", NIBBLE_SOURCE_DIR "/assets/coco/val2017",
                               "--max-images", "2", "--skip-latency"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Commands, EvalRefusesAnnotationsWithOtherClasses) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx"}).exit_code, 0);
  write_json(folder_ / "two.json", {{"images", {{{"id", 139}, {"file_name", "000000000139.jpg"}, {"width", 640}, {"height", 426}}}},
                                    {"annotations", Json::array()},
                                    {"categories", {{{"id", 1}, {"name", "a"}}, {{"id", 2}, {"name", "b"}}}}});
  const auto outcome = nibble({"eval", "m.onnx", "--images", NIBBLE_SOURCE_DIR "/assets/coco/val2017", "--annotations", "two.json"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("80 classes"));
}

TEST_F(Commands, CleanShrinksAFileAndProvesItsOutputsEqual) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  const auto outcome = nibble({"clean", "m.onnx", "-o", "small.onnx"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Outputs equal bit for bit"));
  const auto again = nibble({"clean", "small.onnx", "-o", "again.onnx", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const auto json = Json::parse(again.out);
  EXPECT_EQ(json["before"], json["after"]);
  EXPECT_EQ(json["outputs_compared"], true);
  EXPECT_LT(inspected("small.onnx")["bytes"], inspected("m.onnx")["bytes"]);
}

TEST_F(Commands, InspectAccountsForEveryByte) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  const auto json = inspected("m.onnx");
  std::int64_t sum = 0;
  for (const auto& row : json["ledger"]) sum += row["bytes"].get<std::int64_t>();
  EXPECT_EQ(sum, json["bytes"].get<std::int64_t>());
  EXPECT_EQ(sum, static_cast<std::int64_t>(std::filesystem::file_size(folder_ / "m.onnx")));
}

TEST_F(Commands, CleanRefusesBeforeItHarms) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  const auto hash = sha256_of_file(folder_ / "m.onnx");
  EXPECT_EQ(nibble({"clean", "m.onnx", "-o", "./m.onnx"}).exit_code, 2);
  EXPECT_EQ(sha256_of_file(folder_ / "m.onnx"), hash);
  write_file(folder_ / "bad.onnx", "no protobuf");
  EXPECT_EQ(nibble({"clean", "bad.onnx", "-o", "out.onnx"}).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.onnx"));
}

TEST_F(Commands, RectanglesAreQuantizedComparedAndProfiled) {
  write_file(folder_ / "small.yaml",
             "name: small\nweights: {bits: 8, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "activations: {bits: 8, range: minmax}\ncalibration: {images: 2, batch: 2}\nbias_correction: false\n");
  const auto outcome = nibble({"quantize", kModel, "-o", "out", "--recipe", "small.yaml", "--imgsz", "96,160", "--dialect", "all"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_EQ(nibble({"export", kModel, "-o", "float.onnx", "--imgsz", "96,160"}).exit_code, 0);
  const auto compared = nibble({"compare", "float.onnx", "out/yolov10n-small-integer-ptq.onnx", "--max-images", "2", "--layer-images", "1",
                                "--no-parts", "--json", "c.json"});
  ASSERT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, Not(HasSubstr("not compared")));
  const auto profiled = nibble({"profile", "float.onnx", "--runs", "2", "--imgsz", "96x160"});
  ASSERT_EQ(profiled.exit_code, 0) << profiled.err;
}

TEST_F(Commands, QuantizeWritesTheDialectsOfARecipe) {
  write_file(folder_ / "fast.yaml",
             "name: fast\nweights: {bits: 4, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 2, batch: 2}\nbias_correction: false\n"
             "rules:\n  - {match: model.0.conv}\n  - {match: model.1.conv}\n  - {match: '*', keep_float: true}\n");
  const auto outcome = nibble({"quantize", kModel, "-o", "out", "--recipe", "fast.yaml", "--imgsz", "320"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(" % ("));  // progress without a terminal: lines
  for (const std::string file : {"qcdq-ptq", "qcdq-ptq-opt", "qcdq-ptq-fp16", "int4-ptq", "int4-ptq-fp16"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / ("out/yolov10n-fast-" + file + ".onnx"))) << file;
  const auto json = inspected("out/yolov10n-fast-int4-ptq.onnx");
  EXPECT_EQ(json["opset"], 21);
  EXPECT_EQ(json["metadata"]["nibble.method"], "ptq");
  EXPECT_THAT(outcome.out, HasSubstr("equal: fast-int4-ptq-fp16 and fast-qcdq-ptq-fp16"));
  int quantised = 0;
  for (const auto& layer : json["layers"]) quantised += layer["weight_bits"] == 4 ? 1 : 0;
  EXPECT_EQ(quantised, 2);  // the recipe keeps the others float: what is tested is the command, not the calibration
  EXPECT_EQ(read_json(folder_ / "out/yolov10n-fast-layers.json")["recipe"]["skipped_layers"], Json::array());
  EXPECT_EQ(nibble({"quantize", kModel, "-o", "out", "--recipe", "fast.yaml", "--dialect", "integer"}).exit_code, 4) << "float activations";
  EXPECT_EQ(nibble({"quantize", kModel, "-o", "out", "--recipe", "fast.yaml", "--resume"}).exit_code, 2) << "nothing was trained";
}

TEST_F(Commands, QuantizeKeepsAFileUnderASize) {
  write_file(folder_ / "small.yaml",
             "name: small\nweights: {bits: 4, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 2, batch: 2}\nmixed: {images: 1}\nbias_correction: false\n"
             "rules:\n  - {match: 'model.?.conv'}\n  - {match: '*', keep_float: true}\n");
  const std::vector<std::string> command = {"quantize", kModel,      "-o",   "out",       "--recipe", "small.yaml", "--imgsz",
                                            "320",      "--dialect", "int4", "--threads", "1",        "--max-size"};
  const auto with = [&](const std::string& size) {
    auto all = command;
    all.push_back(size);
    return nibble(all);
  };
  const std::string_view alone = "its weights alone take ";
  const auto hopeless = with("1kB");
  ASSERT_EQ(hopeless.exit_code, 3) << hopeless.err;
  ASSERT_NE(hopeless.err.find(alone), std::string::npos) << hopeless.err;
  const auto weights = std::stoll(hopeless.err.substr(hopeless.err.find(alone) + alone.size()));
  const auto refused = with(std::to_string(weights));  // names and scales are not in it
  ASSERT_EQ(refused.exit_code, 3) << refused.err;
  const auto at = refused.err.find("the smallest file has ");
  ASSERT_NE(at, std::string::npos) << refused.err;
  EXPECT_TRUE(!std::filesystem::exists(folder_ / "out") || std::filesystem::is_empty(folder_ / "out"));
  const std::int64_t limit = std::stoll(refused.err.substr(at + 22)) + 20'000;
  const auto outcome = with(std::to_string(limit));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Budget: at most " + std::to_string(limit) + " bytes in the INT4 dialect; chosen: "));
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(folder_ / "out/yolov10n-small-mixed-int4-ptq.onnx"));
  EXPECT_LE(bytes, limit);
  const auto document = read_json(folder_ / "out/yolov10n-small-mixed-layers.json");
  EXPECT_EQ(document["budget"]["max_bytes"], limit);
  EXPECT_GT(document["budget"]["chosen"]["raised"], 0);
  const auto json = inspected("out/yolov10n-small-mixed-int4-ptq.onnx");
  for (const auto& layer : json["layers"])
    if (layer["weight_bits"] == 4) {
      EXPECT_GT(bytes + layer["weights"].get<std::int64_t>() / 2, limit) << layer["name"] << " would fit";
    }
}

TEST_F(Commands, QuantizeKeepsWithinADrop) {
  write_file(folder_ / "coarse.yaml",
             "name: coarse\nweights: {bits: 2, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 2, batch: 2}\nmixed: {images: 1, high_bits: 3}\nbias_correction: false\n"
             "rules:\n  - {match: 'model.?.conv'}\n  - {match: '*', keep_float: true}\n");
  const std::vector<std::string> command = {"quantize", kModel,      "-o",   "out",       "--recipe", "coarse.yaml", "--imgsz",
                                            "320",      "--dialect", "int4", "--threads", "1",        "--max-drop"};
  const auto with = [&](const std::vector<std::string>& more) {
    auto all = command;
    all.insert(all.end(), more.begin(), more.end());
    return nibble(all);
  };
  const auto refused = with({"0.01"});
  EXPECT_EQ(refused.exit_code, 3) << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("points of mAP 50-95 below float, with 2."), HasSubstr("no layer gains from more")));
  const std::string coco = NIBBLE_SOURCE_DIR "/assets/coco/";
  const auto outcome = with({"100", "--judge", coco + "instances_val2017_32.json", "--judge-images", coco + "val2017"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("trial 1 of coarse-mixed: 2.00 bits on average"));
  EXPECT_THAT(outcome.out, HasSubstr("Judged by the labels of 32 images"));
  const auto budget = read_json(folder_ / "out/yolov10n-coarse-mixed-layers.json")["budget"];
  EXPECT_EQ(budget["max_drop"], 100);
  EXPECT_EQ(budget["trials"].size(), 1U);
  EXPECT_EQ(budget["chosen"]["raised"], 0);
  EXPECT_EQ(budget["chosen"]["damage"], nullptr);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "out")) left.push_back(entry.path().filename().string());
  EXPECT_THAT(left, testing::UnorderedElementsAre(HasSubstr("int4-ptq.onnx"), HasSubstr("int4-ptq-fp16.onnx"), HasSubstr("layers.json")));
}

TEST_F(Commands, ProfileSaysWhatRanAndHowLevelsAgree) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "m.onnx", "--imgsz", "320"}).exit_code, 0);
  const auto outcome =
      nibble({"profile", "m.onnx", "m.onnx", "--images", NIBBLE_SOURCE_DIR "/assets/coco/val2017", "--runs", "2", "--json", "p.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("optimisations all"));
  EXPECT_THAT(outcome.out, HasSubstr("most expensive nodes"));
  const auto json = read_json(folder_ / "p.json");
  ASSERT_EQ(json["models"].size(), 2U);
  const auto& model = json["models"][1];
  EXPECT_GT(model["ratio"].get<double>(), 0);
  ASSERT_EQ(model["levels"].size(), 3U);
  for (const auto& level : model["levels"]) {
    EXPECT_EQ(level["matched"], level["reference_detections"]) << "a float model finds the same at each level";
    EXPECT_LT(level["max_score"].get<double>(), 1e-4);
  }
  EXPECT_GT(model["levels"][0]["reference_detections"].get<int>(), 0);
  EXPECT_EQ(model["steps"]["quantizers"], 0);
  EXPECT_THAT(outcome.out, HasSubstr("no activation is quantised"));
  EXPECT_EQ(model["nodes_by_provider"].size(), 1U);
  EXPECT_EQ(nibble({"profile", "m.onnx", "--json", "m.onnx"}).exit_code, 2);
  EXPECT_EQ(nibble({"profile", "missing.onnx"}).exit_code, 3);
}

TEST_F(Commands, QuantizeWritesTheUnpackForm) {
  write_file(folder_ / "fast.yaml",
             "name: fast\nweights: {bits: 4, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 2, batch: 2}\nbias_correction: false\n"
             "rules:\n  - {match: model.0.conv}\n  - {match: model.1.conv, weight_bits: 8}\n  - {match: '*', keep_float: true}\n");
  const auto outcome = nibble({"quantize", kModel, "-o", "out", "--recipe", "fast.yaml", "--imgsz", "320", "--dialect", "all"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("equal: fast-unpack-ptq and fast-int4-ptq"));
  EXPECT_THAT(outcome.out, HasSubstr("equal: fast-unpack-ptq-fp16 and fast-int4-ptq-fp16"));
  const auto json = inspected("out/yolov10n-fast-unpack-ptq.onnx");
  EXPECT_EQ(json["opset"], 18);
  EXPECT_EQ(json["metadata"]["nibble.dialect"], "unpack");
  EXPECT_THAT(json["quantised"].get<std::string>(),
              HasSubstr("1 of 83 layers: 4-bit weights, a scale per channel, packed, decoded to float"));
  EXPECT_THAT(json["quantised"].get<std::string>(),
              HasSubstr("1 of 83 layers: 8-bit weights, a scale per channel, as bytes, decoded to float"));
  EXPECT_EQ(json["ops"].contains("DequantizeLinear"), false);
  ASSERT_EQ(nibble({"clean", "out/yolov10n-fast-unpack-ptq.onnx", "-o", "clean.onnx"}).exit_code, 0);
  EXPECT_EQ(inspected("clean.onnx")["quantised"], json["quantised"]);
  const auto scored = nibble({"eval", "out/yolov10n-fast-int4-ptq.onnx", "--max-images", "2", "--skip-latency", "--json", "m.json",
                              "--session-option", "session.disable_quant_qdq=1"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_EQ(read_json(folder_ / "m.json")["session_options"]["session.disable_quant_qdq"], "1");
  const auto misspelt = nibble({"eval", "out/yolov10n-fast-int4-ptq.onnx", "--max-images", "1", "--skip-latency", "--session-option",
                                "session.disable_quant_dqd=1"});
  EXPECT_THAT(misspelt.err, HasSubstr("session option 'session.disable_quant_dqd'"));
  EXPECT_EQ(nibble({"eval", "m.onnx", "--session-option", "session.disable_quant_qdq"}).exit_code, 2);
}

TEST_F(Commands, QuantizePacksATrellisInUnpackFilesAlone) {
  const std::string rest = "calibration: {images: 2, batch: 2}\nrules:\n  - {match: model.1.conv}\n  - {match: '*', keep_float: true}\n";
  write_file(folder_ / "floats.yaml", "name: floats\nweights: {bits: 4, code: trellis}\n" + rest);
  write_file(folder_ / "bytes.yaml", "name: bytes\nweights: {bits: 3, code: trellis}\nactivations: {bits: 8}\n" + rest);
  const auto quantize = [&](const std::string& recipe, const std::string& dialect) {
    std::vector<std::string> line{"quantize", kModel, "-o", "out", "--recipe", recipe, "--imgsz", "320"};
    if (!dialect.empty()) line.insert(line.end(), {"--dialect", dialect});
    return nibble(line);
  };
  ASSERT_EQ(quantize("floats.yaml", "").exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/yolov10n-floats-int4-ptq.onnx"));
  EXPECT_THAT(inspected("out/yolov10n-floats-unpack-ptq.onnx")["quantised"].get<std::string>(),
              HasSubstr("1 of 83 layers: 4-bit weights, a scale per channel, packed along a trellis, decoded to float"));
  const auto refused = quantize("floats.yaml", "int4");
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("the unpack form alone packs"));
  const auto all = quantize("bytes.yaml", "all");
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("equal: bytes-unpack-ptq and bytes-qcdq-ptq-opt"));
  EXPECT_THAT(all.out, HasSubstr("equal: bytes-integer-ptq and bytes-qcdq-ptq-opt"));
  for (const auto* dialect : {"unpack", "integer", "qcdq"}) {
    const std::string end = dialect == std::string("qcdq") ? "-opt.onnx" : ".onnx";
    const Json file = inspected(std::string("out/yolov10n-bytes-") + dialect + "-ptq" + end);
    for (const auto& layer : file["layers"]) {
      if (layer["name"] != "model.1.conv") continue;
      EXPECT_EQ(layer["weight_bits"], end == ".onnx" ? 3 : 8) << dialect;
      EXPECT_EQ(layer["activation_bits"], 8) << dialect;
    }
  }
}

TEST_F(Commands, QuantizeWritesTheIntegerForm) {
  write_file(folder_ / "fast.yaml",
             "name: fast\nweights: {bits: 4, rounding: nearest, scale_search: max}\nactivations: {bits: 8, range: minmax}\n"
             "calibration: {images: 2, batch: 2}\nbias_correction: false\n"
             "rules:\n  - {match: model.0.conv}\n  - {match: model.1.conv}\n  - {match: '*', keep_float: true}\n");
  const auto outcome = nibble({"quantize", kModel, "-o", "out", "--recipe", "fast.yaml", "--imgsz", "320", "--dialect", "all"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto refused = nibble({"quantize", kModel, "-o", "out", "--recipe", "fast.yaml", "--imgsz", "320", "--dialect", "unpack"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("the unpack form of uniform codes is for float activations"));
  const auto qcdq = inspected("out/yolov10n-fast-qcdq-ptq-opt.onnx"), integer = inspected("out/yolov10n-fast-integer-ptq.onnx");
  EXPECT_EQ(integer["metadata"]["nibble.dialect"], "integer");
  EXPECT_EQ(qcdq["ops"]["QuantizeLinear"], 2);
  EXPECT_EQ(integer["ops"]["QuantizeLinear"], 4) << "model.1.conv's output and its sigmoid too; the first reads three channels and stays";
  for (const auto& layer : integer["layers"]) EXPECT_TRUE(layer["name"] != "model.1.conv" || layer["weight_bits"] == 4);
}

TEST_F(Commands, ATargetDecidesFilesAndNumbers) {
  const auto recipe = [](const std::string& activations) {
    return "name: fast\nweights: {bits: 4, rounding: nearest, scale_search: max}\nactivations: {bits: " + activations +
           "}\ncalibration: {images: 2, batch: 2}\nrules:\n  - {match: model.0.conv}\n  - {match: model.1.conv}\n"
           "  - {match: '*', keep_float: true}\n";
  };
  write_file(folder_ / "fast.yaml", recipe("8"));
  write_file(folder_ / "float.yaml", recipe("0"));
  const auto made = [&](const std::string& file, const std::string& target) {
    return nibble({"quantize", kModel, "-o", "out", "--recipe", file, "--imgsz", "160", "--threads", "1", "--target", target});
  };
  const auto tensorrt = made("fast.yaml", "tensorrt");
  ASSERT_EQ(tensorrt.exit_code, 0) << tensorrt.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/yolov10n-fast-tensorrt-int4-ptq.onnx"));
  const auto file = folder_ / "out/yolov10n-fast-tensorrt-qcdq-ptq-opt.onnx";
  const auto model = read_onnx(file);
  int zero_points = 0;
  for (const auto& tensor : model.graph().initializer()) {
    if (!tensor.name().ends_with("_zero_point")) continue;
    ++zero_points;
    for (const char byte : tensor.raw_data()) EXPECT_EQ(byte, 0) << tensor.name();
  }
  EXPECT_GT(zero_points, 0);
  const auto json = inspected(file.string());
  EXPECT_FALSE(json["ops"].contains("Clip"));
  EXPECT_EQ(json["metadata"]["nibble.target"], "tensorrt");

  ASSERT_EQ(made("float.yaml", "ort-cpu").exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/yolov10n-fast-ort-cpu-unpack-ptq.onnx"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/yolov10n-fast-ort-cpu-qcdq-ptq.onnx"));
  const auto refused = made("float.yaml", "qnn");
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("4-bit weights with quantised activations only"));
  EXPECT_EQ(made("float.yaml", "tpu").exit_code, 2);
}

TEST_F(Commands, EvalReadsFilesOfBrevitas) {
  const char* named = std::getenv("NIBBLE_SHARED");
  const auto file =
      std::filesystem::path(named ? named : NIBBLE_SOURCE_DIR "/../shared") / "reference/brevitas/br_yolov10n_w4a16_channel.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is missing: no file of Brevitas was scored";
  const auto outcome =
      nibble({"eval", file.string(), "--images", NIBBLE_SOURCE_DIR "/assets/coco/val2017", "--annotations",
              NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json", "--max-images", "2", "--skip-latency", "--json", "metrics.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(read_json(folder_ / "metrics.json")["head"], "one2many");
  EXPECT_GT(read_json(folder_ / "metrics.json")["metrics"]["num_detections"], 0);
}

TEST_F(Commands, OpsetsOutsideADialectAreRefusedBeforeTheWork) {
  const auto refused = [&](const std::string& dialect, const std::string& opset) {
    const auto outcome = nibble({"quantize", kModel, "-o", "out", "--recipe", "w4a16", "--dialect", dialect, "--opset", opset});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
    return outcome.err;
  };
  EXPECT_THAT(refused("qcdq", "12"), HasSubstr("13..21"));
  EXPECT_THAT(refused("qcdq", "22"), HasSubstr("13..21"));
  EXPECT_THAT(refused("both", "17"), HasSubstr("--dialect qcdq"));
}

}  // namespace
}  // namespace nibble
