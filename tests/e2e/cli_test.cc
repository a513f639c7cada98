// SPDX-License-Identifier: Apache-2.0
// Parsing, help, exit codes and the form of errors.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Cli : public testing::Test {
 protected:
  Outcome nibble(const std::vector<std::string>& arguments, const std::string& setup = "") { return run_nibble(arguments, folder_, setup); }
  /// The promise of every error: this exit code, nothing on stdout, one line on stderr.
  void expect_error(const std::vector<std::string>& arguments, int code, const std::string& part) {
    const auto outcome = nibble(arguments);
    const auto what = testing::PrintToString(arguments);
    EXPECT_EQ(outcome.exit_code, code) << what << outcome.err;
    EXPECT_EQ(outcome.out, "") << what;
    const auto lines = lines_of(outcome.err);
    ASSERT_EQ(lines.size(), 1U) << what << outcome.err;
    EXPECT_THAT(lines[0], StartsWith("nibble: ")) << what;
    EXPECT_THAT(lines[0], HasSubstr(part)) << what;
  }
  std::filesystem::path folder_ = scratch_folder();
};

TEST_F(Cli, HelpListsTheCommandsThatWorkAndNoOthers) {
  const auto outcome = nibble({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const auto* command :
       {"run", "inspect", "export", "quantize", "qat", "eval", "score", "predict", "compare", "verify", "replay", "doctor"})
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  ") + command + " ")) << command;
  EXPECT_THAT(outcome.out, HasSubstr("Exit codes: 0 done"));
}

TEST_F(Cli, EveryCommandTeachesWithExamples) {
  for (const std::string command :
       {"run", "inspect", "export", "quantize", "qat", "eval", "score", "predict", "compare", "verify", "replay", "doctor"}) {
    const auto outcome = nibble({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Examples:\n  nibble " + command)) << command;
    EXPECT_THAT(outcome.out, HasSubstr("--quiet")) << command;
  }
}

TEST_F(Cli, MistypedWordsAreAnsweredWithWhatIsMeant) {
  expect_error({"evla", "a.onnx"}, 2, "did you mean 'eval'?");
  expect_error({"eval", "a.onnx", "--anotations", "x.json"}, 2, "did you mean '--annotations'?");
  expect_error({"eval", "a.onnx", "--cnof=0.5"}, 2, "did you mean '--conf'?");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "w4a61"}, 2, "did you mean 'w4a16'?");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "w4a16.yml"}, 2, "did you mean 'w4a16'?");
  expect_error({"run", "--epochs", "3"}, 2, "did you mean '--qat-epochs'?");
  expect_error({"train", "a.pt"}, 2, "did you mean 'qat'?");
  expect_error({"val", "a.pt"}, 2, "did you mean 'eval'?");
  expect_error({"help", "evla"}, 2, "did you mean 'eval'?");
  expect_error({"run", "a.pt", "--max-size", "1.5"}, 2, "did you mean '1.5MB'?");
  EXPECT_THAT(nibble({"frobnicate"}).err, Not(HasSubstr("did you mean")));
}

TEST_F(Cli, RecipesListsWhatIsShipped) {
  const auto outcome = nibble({"recipes"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const auto* part :
       {"w4a16-block16        4 bits per 16 channels", "w4a8-mixed           4 and 8 bits per channel", "w4a16: 4-bit weights in every"})
    EXPECT_THAT(outcome.out, HasSubstr(part));
  const auto json = nibble({"recipes", "--json"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const auto list = Json::parse(json.out);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NIBBLE_SOURCE_DIR "/recipes")) files += entry.path().extension() == ".yaml";
  EXPECT_EQ(list.at("recipes").size(), files);
  for (const auto& recipe : list.at("recipes")) EXPECT_NE(recipe.at("description"), "") << recipe.at("name");
}

TEST_F(Cli, RecipesPrintsTheirSchema) {
  const auto outcome = nibble({"recipes", "--schema"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto schema = Json::parse(outcome.out);
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["properties"]["weights"]["properties"]["bits"]["maximum"], 8);
  expect_error({"recipes", "--schema", "--json"}, 2, "--json");
}

TEST_F(Cli, CompletionKnowsEveryCommandAndOption) {
  for (const std::string shell : {"bash", "zsh", "fish", "man"}) {
    const auto outcome = nibble({"completion", shell});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    for (const std::string word : {"run", "predict", "compare", "against", "session", "calib"})
      EXPECT_THAT(outcome.out, HasSubstr(word)) << shell;
  }
  expect_error({"completion", "csh"}, 2, "csh");
}

TEST_F(Cli, BashCompletes) {
  write_file(folder_ / "nibble.bash", nibble({"completion", "bash"}).out);
  const auto completed = [&](const std::string& words) {
    write_file(folder_ / "try.bash", "source nibble.bash\nCOMP_WORDS=(nibble " + words +
                                         ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_nibble\necho \"${COMPREPLY[@]}\" > found\n");
    const auto command = "cd '" + folder_.string() + "' && bash try.bash";
    EXPECT_EQ(std::system(command.c_str()), 0) << words;
    return read_file(folder_ / "found");
  };
  EXPECT_EQ(completed("pre"), "predict\n");
  EXPECT_EQ(completed("predict --save-j"), "--save-json\n");
  EXPECT_EQ(completed("run --preset b"), "best\n");
  EXPECT_EQ(completed("eval --on-bad-data ''"), "stop skip\n");
}

TEST_F(Cli, VersionNamesAllFour) {
  const auto outcome = nibble({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const auto* name : {"nibble 0.", "LibTorch ", "ONNX Runtime ", "OpenCV "}) EXPECT_THAT(outcome.out, HasSubstr(name));
}

TEST_F(Cli, VersionSurvivesAMissingLibrary) {
  const auto outcome = nibble({"--version"}, "NIBBLE_ONNXRUNTIME=/nonexistent/lib.so");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("ONNX Runtime missing"));
}

TEST_F(Cli, AFolderWithoutImagesIsNamedByEveryCommand) {
  std::filesystem::create_directories(folder_ / "empty");
  const std::string assets = NIBBLE_SOURCE_DIR "/assets/", checkpoint = assets + "yolov10n.pt";
  const std::string annotations = assets + "coco/instances_val2017_32.json";
  ASSERT_EQ(nibble({"export", checkpoint, "-o", "real.onnx"}).exit_code, 0);
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"eval", "real.onnx", "--images", "empty", "--annotations", annotations},
           {"eval", "real.onnx", "--images", "empty", "--annotations", annotations, "--on-bad-data", "skip"},
           {"run", "--images", "empty", "--annotations", annotations},
           {"run", "--calib", "empty"},
           {"quantize", checkpoint, "-o", "x", "--recipe", "w4a16", "--calib", "empty"},
           {"qat", checkpoint, "-o", "x", "--recipe", "w4a8", "--data", "empty"},
           {"compare", "real.onnx", "real.onnx", "--images", "empty"},
           {"compare", "real.onnx", "real.onnx", "--images", "empty", "--annotations", annotations},
           {"profile", "real.onnx", "--images", "empty"},
           {"predict", "real.onnx", "--source", "empty", "-o", "seen"},
           {"doctor", "--calib", "empty"}}) {
    const auto outcome = nibble(command);
    EXPECT_EQ(outcome.exit_code, 3) << testing::PrintToString(command) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("nibble: images: empty: no image in the folder; expected .jpg, "))
        << testing::PrintToString(command);
  }
}

TEST_F(Cli, AFileOfAnotherKindIsNamedAsWhatItIs) {
  const std::string source = NIBBLE_SOURCE_DIR, coco = source + "/assets/coco/instances_val2017_32.json";
  const auto copy = [&](const std::string& from, const std::string& name) { std::filesystem::copy_file(source + from, folder_ / name); };
  copy("/assets/yolov10n.pt", "real.pt");
  copy("/assets/yolov10n.pt", "checkpoint.onnx");
  copy("/tests/golden/brevitas_qcdq/full_channel.onnx", "model.pt");
  copy("/assets/coco/val2017/000000000139.jpg", "image.jpg");
  copy("/assets/coco/val2017/000000000139.jpg", "image.onnx");
  write_file(folder_ / "data.yaml", "# cats\npath: set\ntrain: images/train\nval: images/val\nnames: [cat]\n");
  const std::string yaml = "data.yaml: is a data.yaml, which describes a data set; ";
  expect_error({"inspect", "data.yaml"}, 3, yaml + "name a checkpoint (.pt) or an ONNX model (.onnx)");
  expect_error({"inspect", "image.jpg"}, 3, "image.jpg: is an image; name a checkpoint (.pt) or an ONNX model (.onnx)");
  expect_error({"inspect", "image.onnx"}, 3, "image.onnx: is an image; name a checkpoint");
  expect_error({"inspect", coco}, 3, "is a COCO file, which describes a data set; name a checkpoint");
  expect_error({"inspect", "."}, 3, "is a folder; name a .pt or .onnx file");
  expect_error({"score", "data.yaml", "--annotations", coco}, 3, yaml + "expected a list of detections");
  expect_error({"score", "image.jpg", "--annotations", coco}, 3, "image.jpg: is an image; expected a list of detections");
  expect_error({"score", "real.pt", "--annotations", coco}, 3, "is a zip archive, as checkpoints (.pt) are; expected a list of detections");
  expect_error({"score", coco, "--annotations", coco}, 3, "is a COCO file, which describes a data set; expected a list of detections");
  expect_error({"eval", "data.yaml"}, 3, "this is a data.yaml, which describes a data set, and no ONNX file; name the model (.onnx)");
  expect_error({"eval", "checkpoint.onnx"}, 3,
               "this is a zip archive, as checkpoints (.pt) are, and no ONNX file; make one with nibble export");
  expect_error({"export", "model.pt", "-o", "out.onnx"}, 3, "this seems to be an ONNX model, not a PyTorch checkpoint");
  expect_error({"export", "data.yaml", "-o", "out.onnx"}, 3, "this is a data.yaml, which describes a data set, not a PyTorch checkpoint");
  expect_error({"doctor", "--calib", coco}, 3, "is a COCO file, which describes a data set; give a folder of images");
  EXPECT_EQ(nibble({"inspect", "checkpoint.onnx"}).exit_code, 0);
  EXPECT_EQ(nibble({"inspect", "model.pt"}).exit_code, 0);
}

TEST_F(Cli, MistakesOfTheCallerAreUsageErrors) {
  expect_error({}, 2, "no command");
  expect_error({"frobnicate"}, 2, "frobnicate");
  expect_error({"export"}, 2, "CKPT");
  expect_error({"export", "a.pt"}, 2, "--output is required; see nibble export --help");
  expect_error({"export", "a.pt", "--foo"}, 2, "not expected: --foo");
  expect_error({"export", "a.pt", "-o", "out"}, 2, "give out.onnx, or out/model.onnx");
  expect_error({"clean", "a.onnx", "-o", "out"}, 2, "give out.onnx, or out/model.onnx");
  expect_error({"export", "a.pt", "-o", "b.onnx", "--imgsz", "abc"}, 2, "imgsz");
  expect_error({"export", "a.pt", "-o", "b.onnx", "--batch", "0"}, 2, "--batch");
  expect_error({"export", "a.pt", "-o", "b.onnx", "--head", "two"}, 2, "two");
  expect_error({"eval", "a.onnx", "--max-images", "0", "--annotations", "x.json"}, 2, "max-images");
  expect_error({"eval", "a.onnx", "--conf", "2"}, 2, "conf");
  ASSERT_EQ(nibble({"export", std::string(NIBBLE_SOURCE_DIR) + "/assets/yolov10n.pt", "-o", "real.onnx"}).exit_code, 0);
  expect_error({"eval", "real.onnx", "--images", "."}, 2, "--annotations");  // a classifier, which the file may be, needs none
  expect_error({"score", "d.json"}, 2, "--annotations");
  expect_error({"score", "d.json", "--max-images", "1", "--image-ids-list", "x"}, 2, "image-ids-list");
  expect_error({"run", "--provider", "tpu"}, 2, "tpu");
  expect_error({"run", "--recipes", "w5a5"}, 2, "w4a16");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "w4a16,w4a8"}, 2, "nibble run --recipes w4a16,w4a8 takes several");
  expect_error({"run", "--preset", "slow"}, 2, "fast, default, best");
  expect_error({"run", "--resume"}, 2, "--run-id");
  expect_error({"run", "--run-id", "../x"}, 2, "run id");
  expect_error({"run", "--quiet", "--verbose"}, 2, "--verbose");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "w4a16", "--dialect", "morse"}, 2, "morse");
}

/// "$IMAGES" of a variable that is not set would otherwise be the embedded images.
TEST_F(Cli, AnEmptyValueIsNotTakenForNone) {
  expect_error({"eval", "a.onnx", "--images", "", "--annotations", "x.json"}, 2, "--images: is empty; give a value, or leave it out");
  expect_error({"run", "--calib", ""}, 2, "--calib: is empty");
  expect_error({"run", ""}, 2, "CKPT: is empty");
  expect_error({"export", "a.pt", "-o", ""}, 2, "--output: is empty");
}

TEST_F(Cli, TheCheckpointMayStandBehindAList) {
  expect_error({"run", "--recipes", "w4a16", "gone.pt"}, 3, "gone.pt: no such file");
  expect_error({"run", "--qat", "w4a8", "gone.pt"}, 3, "gone.pt: no such file");
  expect_error({"run", "--recipes", "w4a16", "w4a8", "gone.pt"}, 3, "gone.pt: no such file");
  expect_error({"run", "--recipes", "w4a16", "w5a5"}, 2, "w5a5");
  expect_error({"run", "--qat", "best.pt"}, 2, "best.pt");
}

TEST_F(Cli, WhatIsAFileInThePlaceOfAFolderIsCalledOne) {
  const std::string assets = NIBBLE_SOURCE_DIR "/assets/", annotations = assets + "coco/instances_val2017_32.json";
  ASSERT_EQ(nibble({"export", assets + "yolov10n.pt", "-o", "real.onnx", "--imgsz", "64"}).exit_code, 0);
  expect_error({"eval", "real.onnx", "--images", assets + "coco/val2017/000000000139.jpg", "--annotations", annotations}, 3,
               "000000000139.jpg: is a file; name the folder that the images are in");
  expect_error({"eval", "real.onnx", "--images", assets + "coco/val2017", "--annotations", annotations, "--image-ids-list", annotations}, 3,
               "is a COCO file, which describes a data set; expected a text file with one image id");
}

/// The standard library throws for them where it is asked what is there.
TEST_F(Cli, ANameThatTheSystemFindsTooLongIsABadInput) {
  const std::string name(300, 'a'), checkpoint = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";
  ASSERT_EQ(nibble({"export", checkpoint, "-o", "real.onnx", "--imgsz", "64"}).exit_code, 0);
  const std::vector<std::vector<std::string>> commands = {{"inspect", name},
                                                          {"export", name + ".pt", "-o", "x.onnx"},
                                                          {"eval", name},
                                                          {"eval", "real.onnx", "--images", name, "--annotations", name},
                                                          {"compare", "real.onnx", name},
                                                          {"predict", "real.onnx", "--source", name, "-o", "x"},
                                                          {"clean", name, "-o", "x.onnx"},
                                                          {"profile", name},
                                                          {"run", name + ".pt"},
                                                          {"run", "--calib", name},
                                                          {"run", "--gates", name},
                                                          {"run", "--qat", "w4a8", "--qat-data", name},
                                                          {"verify", name}};
  for (const auto& command : commands) expect_error(command, 3, name);
}

TEST_F(Cli, DoctorLooksAtTheFolderForTemporaryFiles) {
  EXPECT_THAT(nibble({"doctor"}).out, HasSubstr("ok      TMPDIR"));
  const auto outcome = nibble({"doctor"}, "TMPDIR=/nonexistent/tmp");
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.out, HasSubstr("MISSING TMPDIR"));
  EXPECT_THAT(outcome.out, HasSubstr("temporary files: /nonexistent/tmp: No such file or directory; set TMPDIR"));
}

/// Nothing that was asked for is ignored.
TEST_F(Cli, OptionsThatDecideNothingAreRefused) {
  const std::string assets = NIBBLE_SOURCE_DIR "/assets/", images = assets + "coco/val2017", checkpoint = assets + "yolov10n.pt";
  for (const auto* part : {"images", "labels"}) std::filesystem::create_directories(folder_ / "set" / part);
  std::filesystem::copy_file(images + "/000000000139.jpg", folder_ / "set/images/1.jpg");
  write_file(folder_ / "set/labels/1.txt", "0 0.5 0.5 0.4 0.4\n");
  std::string names;
  for (int i = 0; i < 80; ++i) names += fmt::format("  {}: class {}\n", i, i);
  write_file(folder_ / "set/data.yaml", "train: images\nval: images\nnames:\n" + names);
  ASSERT_EQ(nibble({"export", checkpoint, "-o", "real.onnx", "--head", "one2one", "--imgsz", "64"}).exit_code, 0);
  const std::string other = images + ": set/data.yaml says itself where its images are, and ";
  expect_error({"eval", "real.onnx", "--annotations", "set/data.yaml", "--images", images}, 2, other);
  expect_error({"compare", "real.onnx", "real.onnx", "--annotations", "set/data.yaml", "--images", images}, 2, other);
  expect_error({"run", "--annotations", "set/data.yaml", "--images", images}, 2, other);
  expect_error({"eval", "real.onnx", "--annotations", "set/data.yaml", "--images", "gone"}, 3, "images: gone: no such folder");
  const auto same = nibble({"eval", "real.onnx", "--annotations", "set/data.yaml", "--images", "set", "--skip-latency", "--iou", "0.5"});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.err, HasSubstr("--iou 0.5: is without effect: the output of real.onnx is one2one"));
  expect_error({"qat", checkpoint, "-o", "x", "--recipe", "w4a8", "--data", images, "--images", "set"}, 2, "leave set out");
  expect_error({"qat", checkpoint, "-o", "x", "--recipe", "w4a8", "--images", "set"}, 2, "leave set out");
  expect_error({"run", "--qat", "w4a8", "--qat-data", images, "--qat-images", "set"}, 2, "leave set out");
  expect_error({"run", "--qat", "w4a8", "--qat-images", "set"}, 2, "--qat-data");
  expect_error({"run", "--smoke", "--reference"}, 2, "a smoke run scores nothing");
  expect_error({"compare", "real.onnx", "real.onnx", "--layer-images", "0", "--all-layers"}, 2, "--all-layers");
  expect_error({"doctor", "--on-bad-data", "stop"}, 2, "--calib");
  expect_error({"export", checkpoint, "-o", "h.onnx", "--half-io"}, 2, "--half");
  expect_error({"quantize", checkpoint, "-o", "x", "--recipe", "w4a16", "--resume"}, 2, "--preset best");
  expect_error({"inspect", "real.onnx", "--ort", "1.24"}, 2, "--target");
  expect_error({"inspect", "real.onnx", "--target", "tensorrt", "--ort", "1.24"}, 2, "ort-cuda");
}

TEST_F(Cli, BudgetsThatMakeNoSenseAreUsageErrors) {
  const auto refused = [&](std::vector<std::string> more, const std::string& says) {
    std::vector<std::string> all = {"quantize", "a.pt", "-o", "x", "--recipe", "w4a16"};
    all.insert(all.end(), more.begin(), more.end());
    expect_error(all, 2, says);
  };
  for (const std::string size :
       {"12XB", "-1", "0", "nan", "inf", "-inf", "", "MB", "1.5 GB", "0x10", "1e99", "1e13", "1,5MB", "1.5MB ", "0.5"})
    refused({"--max-size", size}, "1.6MB");
  for (const std::string points : {"-1", "0", "nan", "inf", "", "101", "1%", "one"}) refused({"--max-drop", points}, "as in 1.5");
  refused({"--max-size", "1MB", "--max-drop", "1"}, "--max-size");
  refused({"--judge-images", "."}, "--judge");
  refused({"--judge", "labels.json"}, "--max-drop");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "w8a16", "--max-size", "2MB"}, 2, "8 bits already");
  expect_error({"run", "--recipes", "w8a16", "--max-drop", "1"}, 2, "8 bits already");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "w4a16", "--max-size", "1kB"}, 3, "a.pt");
  write_file(folder_ / "two.yaml", "name: two\nmixed: {average_bits: 4.5, max_drop: 1}\n");
  expect_error({"quantize", "a.pt", "-o", "x", "--recipe", "two.yaml"}, 3, "one budget");
}

TEST_F(Cli, FilesThatAreMissingOrForeignAreInputErrors) {
  write_file(folder_ / "text.pt", "not a checkpoint");
  write_file(folder_ / "text.onnx", "not a model");
  write_file(folder_ / "broken.json", "{\"images\": [");
  write_file(folder_ / "none.json", "[]");
  expect_error({"inspect", "absent.pt"}, 3, "absent.pt");
  expect_error({"inspect", "text.pt"}, 3, "text.pt");
  expect_error({"inspect", "text.onnx"}, 3, "text.onnx");
  expect_error({"export", "absent.pt", "-o", "b.onnx"}, 3, "absent.pt");
  expect_error({"eval", "absent.onnx"}, 3, "absent.onnx");
  expect_error({"eval", "text.onnx"}, 3, "text.onnx");
  expect_error({"score", "none.json", "--annotations", "broken.json"}, 3, "broken.json");
  expect_error({"score", "absent.json", "--annotations", "none.json"}, 3, "absent.json");
  expect_error({"run", "absent.pt"}, 3, "absent.pt");
  expect_error({"run", "--calib", "absent-folder"}, 3, "absent-folder");
  expect_error({"run", "--gates", "absent.yaml"}, 3, "absent.yaml");
}

TEST_F(Cli, AFailedExportLeavesNoFile) {
  expect_error({"export", "absent.pt", "-o", "b.onnx"}, 3, "absent.pt");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b.onnx"));
}

TEST_F(Cli, AMissingProviderIsAnEnvironmentError) {
  const auto outcome = nibble({"doctor", "--provider", "cuda"});
  if (outcome.exit_code == 0) GTEST_SKIP() << "this machine has a CUDA provider";
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.out, HasSubstr("MISSING"));
  EXPECT_THAT(outcome.out, HasSubstr("LibTorch CUDA"));
}

/// At once, and nothing is calibrated on the CPU instead.
TEST_F(Cli, CommandsThatComputeSayWhatAGpuLacks) {
  const auto doctor = nibble({"doctor", "--provider", "cuda"});
  if (doctor.exit_code == 0) GTEST_SKIP() << "this machine has a CUDA provider";
  if (doctor.out.find("MISSING LibTorch CUDA") == std::string::npos) GTEST_SKIP() << "this LibTorch computes on a GPU";
  const std::string model = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt", images = NIBBLE_SOURCE_DIR "/assets/coco/train2017";
  for (const std::vector<std::string>& command : {std::vector<std::string>{"qat", model, "-o", "out", "--recipe", "w4a8", "--data", images},
                                                  {"quantize", model, "-o", "out", "--recipe", "w4a16", "--calib", images},
                                                  {"run", "--runs-dir", "runs"}}) {
    auto on_gpu = command;
    on_gpu.insert(on_gpu.end(), {"--provider", "cuda"});
    const auto outcome = nibble(on_gpu);
    EXPECT_EQ(outcome.exit_code, 5) << command[0] << outcome.err;
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("built without CUDA"), HasSubstr("sees no GPU"))) << command[0];
    EXPECT_THAT(outcome.err, HasSubstr("--provider cpu"));
    EXPECT_THAT(outcome.err, Not(HasSubstr("gradients")));
  }
  for (const char* folder : {"out", "runs"}) EXPECT_FALSE(std::filesystem::exists(folder_ / folder)) << folder;
}

class ScoreCommand : public Cli {
 protected:
  void SetUp() override {
    write_json(
        folder_ / "instances.json",
        {{"images", {{{"id", 7}, {"file_name", "7.jpg"}, {"width", 100}, {"height", 100}}}},
         {"annotations", {{{"id", 1}, {"image_id", 7}, {"category_id", 3}, {"bbox", {10, 10, 50, 50}}, {"area", 2500}, {"iscrowd", 0}}}},
         {"categories", {{{"id", 3}, {"name", "car"}}}}});
    write_json(folder_ / "detections.json",
               Json::array({{{"image_id", 7}, {"category_id", 3}, {"bbox", {10, 10, 50, 50}}, {"score", 0.9}}}));
  }
};

TEST_F(ScoreCommand, APerfectDetectionScoresOne) {
  const auto outcome = nibble({"score", "detections.json", "--annotations", "instances.json", "--json", "out/metrics.json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("mAP_50_95    1.0000"));
  EXPECT_THAT(outcome.out, HasSubstr("mAP_small    undefined"));
  const auto json = read_json(folder_ / "out/metrics.json");
  EXPECT_NEAR(json["metrics"]["mAP_50_95"].get<double>(), 1, 1e-12);
  EXPECT_EQ(json["metrics"]["num_images"], 1);
}

TEST_F(ScoreCommand, DetectionsOfAnUnknownImageAreRefused) {
  write_json(folder_ / "foreign.json", Json::array({{{"image_id", 8}, {"category_id", 3}, {"bbox", {1, 1, 2, 2}}, {"score", 0.9}}}));
  expect_error({"score", "foreign.json", "--annotations", "instances.json"}, 3, "8");
}

TEST_F(ScoreCommand, AFullStandardOutputIsAnEnvironmentError) {
  const auto outcome = nibble({"score", "detections.json", "--annotations", "instances.json", "--json", "x.json"}, "ulimit -f 0;");
  EXPECT_EQ(outcome.exit_code, 5) << outcome.err;
}

/// A file opened later would get their numbers, and what is printed.
TEST_F(ScoreCommand, ClosedStreamsTakeNothingElsesPlace) {
  const std::vector<std::string> command{"score", "detections.json", "--annotations", "instances.json",
                                         "--log", "log.txt",         "--json",        "x.json"};
  const auto outcome = nibble(command, R"(closed() { shift; "$@" <&- >&- 2>&-; }; closed)");  // it is called with "exec" and the command
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_EQ(outcome.out + outcome.err, "");
  EXPECT_THAT(read_file(folder_ / "log.txt"), Not(HasSubstr("mAP_50_95    1.0000")));
  EXPECT_EQ(read_json(folder_ / "x.json")["metrics"]["num_images"], 1);
}

TEST_F(ScoreCommand, NumbersAreShownWhereTheirFileCannotBeWritten) {
  auto instances = read_json(folder_ / "instances.json");
  for (int id = 10; id < 200; ++id) instances["categories"].push_back({{"id", id}, {"name", fmt::format("class {}", id)}});
  write_json(folder_ / "many.json", instances);
  const auto outcome = nibble({"score", "detections.json", "--annotations", "many.json", "--json", "x.json"}, "ulimit -f 8;");
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.out, HasSubstr("mAP_50_95    1.0000"));
  EXPECT_THAT(outcome.err, HasSubstr("x.json"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.json"));
}

TEST_F(ScoreCommand, ALogNeverTouchesAnInput) {
  const auto before = read_file(folder_ / "detections.json");
  std::filesystem::create_hard_link(folder_ / "detections.json", folder_ / "hard.txt");
  std::filesystem::create_symlink("detections.json", folder_ / "link.txt");
  for (const auto* log : {"detections.json", "./detections.json", "hard.txt", "link.txt", "instances.json"})
    expect_error({"score", "detections.json", "--annotations", "instances.json", "--log", log}, 2, "overwrite");
  expect_error({"score", "detections.json", "--annotations", "instances.json", "--log", "x", "--json", "x"}, 2, "overwrite");
  expect_error({"inspect", "detections.json", "--log", "detections.json"}, 2, "overwrite");
  EXPECT_EQ(read_file(folder_ / "detections.json"), before);
  EXPECT_EQ(nibble({"score", "detections.json", "--annotations", "instances.json", "--log", "new/log.txt"}).exit_code, 0);
}

TEST_F(ScoreCommand, ABadOutputPlaceIsFoundBeforeTheWork) {
  std::filesystem::create_directories(folder_ / "out");
  write_file(folder_ / "file", "x");
  for (const auto& [place, why] : {std::pair{"out", "is a folder"}, {"file/x.json", "is a file where a folder is needed"}})
    expect_error({"score", "absent.json", "--annotations", "absent.json", "--json", place}, 2, why);
  expect_error({"score", "absent.json", "--annotations", "absent.json", "--json", "/proc/x.json"}, 5, "/proc/x.json");
  expect_error({"quantize", "absent.pt", "--recipe", "w4a16", "-o", "/proc/x"}, 5, "/proc/x");
  expect_error({"run", "absent.pt", "--runs-dir", "/proc/x"}, 5, "/proc/x");
}

TEST_F(Cli, ACommandItDoesNotHaveIsUnknownEvenWithHelp) { expect_error({"frobnicate", "--help"}, 2, "unknown command 'frobnicate'"); }

TEST_F(Cli, NumbersOutOfRangeSayTheRange) {
  expect_error({"eval", "a.onnx", "--max-det", "0"}, 2, "1000000000");
  expect_error({"run", "--threads", "4096"}, 2, "256");
  expect_error({"run", "--seed", "99999999999999999999999"}, 2, "2^64");
  expect_error({"run", "--seed", "-1"}, 2, "2^64");
}

TEST_F(Cli, AnErrorNeverWritesTerminalCodes) { expect_error({"inspect", "a\x1b[31m.pt"}, 3, "a\\x1b[31m.pt"); }

TEST_F(Cli, AnOutputNeverOverwritesAnInput) {
  write_file(folder_ / "a.pt", "precious");
  expect_error({"export", "a.pt", "-o", "./a.pt"}, 2, "a.pt");
  expect_error({"eval", "a.pt", "--json", "a.pt"}, 2, "a.pt");
  expect_error({"eval", "m.onnx", "--json", "j", "--save-detections", "j"}, 2, "j");
  expect_error({"score", "d.json", "--annotations", "a.pt", "--json", "a.pt"}, 2, "a.pt");
  expect_error({"quantize", "m.pt", "--recipe", "w4a16", "-o", "a.pt"}, 2, "is a file");
  EXPECT_EQ(read_file(folder_ / "a.pt"), "precious");
}

}  // namespace
}  // namespace nibble
