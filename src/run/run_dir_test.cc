// SPDX-License-Identifier: Apache-2.0
#include "run/run_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/json.h"
#include "base/size_text.h"
#include "nibble/error.h"
#include "run/environment.h"
#include "run/time.h"
#include "run/untrusted_run.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class RunDir : public testing::Test {
 protected:
  void SetUp() override {
    runs_ = test::process_folder() / (std::string("nibble_run_dir_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(runs_);
  }
  void TearDown() override { fs::remove_all(runs_); }
  fs::path runs_;
};

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::internal;
}

TEST(RunNamesOf, AreThoseOfTheInterface) {
  const RunNames names{"yolov10n"};
  EXPECT_EQ(names.baseline("fp32"), "onnx/yolov10n-baseline-fp32.onnx");
  EXPECT_EQ(names.quantized("w4a16-qcdq-ptq-opt"), "onnx/yolov10n-w4a16-qcdq-ptq-opt.onnx");
  EXPECT_EQ(RunNames::metrics(""), "baseline-coco/metrics.json");
  EXPECT_EQ(RunNames::metrics("w4a16"), "ptq-w4a16-coco/metrics.json");
}

TEST_F(RunDir, AFolderThatCannotBeMadeIsAnEnvironmentErrorAndLeavesNoManifest) {
  write_file(runs_ / "first" / "logs", "a file where a folder should be");
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "first", false); }), ErrorKind::environment);
  EXPECT_FALSE(fs::exists(runs_ / "first" / "run.json"));
}

TEST_F(RunDir, IsOpenedByOneAtATime) {
  {
    const auto directory = RunDirectory::open(runs_, "first", false);
    EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "first", true); }), ErrorKind::usage);
  }
  EXPECT_NO_THROW(RunDirectory::open(runs_, "first", true));
}

TEST_F(RunDir, RecordsFilesWithTheirHash) {
  auto directory = RunDirectory::open(runs_, "first", false);
  write_file(directory.path("onnx/a.onnx"), "abc");
  directory.record("onnx/a.onnx", "key");
  const Json manifest = read_json(runs_ / "first" / "run.json");
  EXPECT_EQ(manifest["files"]["onnx/a.onnx"]["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(manifest["files"]["onnx/a.onnx"]["bytes"], 3);
  EXPECT_EQ(manifest["status"], "running");
}

TEST_F(RunDir, ResumeTrustsAFileOnlyWhenKeyAndContentAreTheSame) {
  {
    auto directory = RunDirectory::open(runs_, "r", false);
    write_file(directory.path("a"), "abc");
    directory.record("a", "key");
  }
  const auto again = RunDirectory::open(runs_, "r", true);
  EXPECT_TRUE(again.has("a", "key"));
  EXPECT_FALSE(again.has("a", "other key"));
  EXPECT_FALSE(again.has("b", "key"));
  write_file(again.path("a"), "changed");
  EXPECT_FALSE(again.has("a", "key"));
  fs::remove(again.path("a"));
  EXPECT_FALSE(again.has("a", "key"));
}

TEST_F(RunDir, NeitherOverwritesNorResumesByMistake) {
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::usage);
  RunDirectory::open(runs_, "r", false);
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", false); }), ErrorKind::usage);
  EXPECT_NO_THROW(RunDirectory::open(runs_, "r", true));
}

TEST_F(RunDir, RefusesRunIdsThatLeaveTheFolder) {
  for (const std::string id : {"", ".", "..", "a/b", "../x"})
    EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, id, false); }), ErrorKind::usage) << id;
}

TEST_F(RunDir, RefusesAForeignManifest) {
  write_file(runs_ / "r" / "run.json", "[1]");
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::input);
}

/// A run directory that somebody else made.
TEST_F(RunDir, ResumeTakesNoFolderThatLeadsElsewhere) {
  struct Case {
    const char* what;
    std::function<void(const fs::path& root, const fs::path& elsewhere)> make;
  };
  const std::vector<Case> cases{
      {"onnx",
       [](const fs::path& root, const fs::path& elsewhere) {
         fs::remove_all(root / "onnx");
         fs::create_directory_symlink(elsewhere, root / "onnx");
       }},
      {"logs/nibble.log",
       [](const fs::path& root, const fs::path& elsewhere) {
         fs::create_directories(root / "logs");
         fs::create_symlink(elsewhere / "kept.txt", root / "logs/nibble.log");
       }},
      {".lock",
       [](const fs::path& root, const fs::path& elsewhere) {
         fs::remove(root / ".lock");
         fs::create_symlink(elsewhere / "made.txt", root / ".lock");
       }},
      {"config/pipe", [](const fs::path& root, const fs::path&) { ASSERT_EQ(::mkfifo((root / "config/pipe").c_str(), 0600), 0); }},
  };
  const fs::path elsewhere = runs_ / "elsewhere";
  write_file(elsewhere / "kept.txt.1-1.part", "somebody's");
  for (const auto& [what, make] : cases) {
    SCOPED_TRACE(what);
    fs::remove_all(runs_ / "r");
    RunDirectory::open(runs_, "r", false);
    make(runs_ / "r", elsewhere);
    EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::input);
    EXPECT_TRUE(fs::exists(elsewhere / "kept.txt.1-1.part"));
    EXPECT_FALSE(fs::exists(elsewhere / "made.txt"));
  }
}

TEST_F(RunDir, ResumeRefusesAManifestThatIsNone) {
  const std::string deep(200'000, '[');
  const std::vector<std::string> manifests{"",
                                           "{",
                                           "[]",
                                           "null",
                                           "1e308",
                                           R"({"files": []})",
                                           R"({"files": null})",
                                           R"({"status": "done"})",
                                           "{\"files\": {}, \"a\": " + deep,
                                           std::string("\xff\xfe\x00", 3)};
  for (const auto& manifest : manifests) {
    SCOPED_TRACE(manifest.substr(0, 40));
    write_file(runs_ / "r" / "run.json", manifest);
    EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::input);
  }
  fs::resize_file(runs_ / "r" / "run.json", RunLimits::kManifest + 1);  // sparse
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::input);
  fs::remove(runs_ / "r" / "run.json");
  fs::create_directory(runs_ / "r" / "run.json");
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::input);
  fs::remove(runs_ / "r" / "run.json");
  ASSERT_EQ(::mkfifo((runs_ / "r" / "run.json").c_str(), 0600), 0);
  EXPECT_EQ(kind_of([&] { RunDirectory::open(runs_, "r", true); }), ErrorKind::input);
}

TEST_F(RunDir, AnEntryOfAnotherTypeIsNoEntry) {
  for (const std::string entry : {"null", "[]", "1e308", R"("text")", "{}", R"({"key": 1})", R"({"key": ["key"], "sha256": "x"})",
                                  R"({"key": "key"})", R"({"key": "key", "sha256": 7})", R"({"key": "key", "sha256": null})"}) {
    SCOPED_TRACE(entry);
    write_file(runs_ / "r" / "run.json", R"({"files": {"a": )" + entry + R"(, "onnx": {"key": "key"}, "../b": {"key": "key"}}})");
    write_file(runs_ / "r" / "a", "abc");
    const auto directory = RunDirectory::open(runs_, "r", true);
    EXPECT_FALSE(directory.has("a", "key"));
    EXPECT_FALSE(directory.has("onnx", "key")) << "a folder";
  }
}

TEST_F(RunDir, SetKeepsTheFileListLast) {
  auto directory = RunDirectory::open(runs_, "r", false);
  directory.set("seed", 7);
  const auto text = read_file(runs_ / "r" / "run.json");
  EXPECT_LT(text.find("\"seed\": 7"), text.find("\"files\""));
}

TEST(KeyOf, DependsOnEveryValue) {
  EXPECT_EQ(key_of({{"a", 1}}), key_of({{"a", 1}}));
  EXPECT_NE(key_of({{"a", 1}}), key_of({{"a", 2}}));
}

TEST(Time, IsUtc) {
  const auto time = Clock::from_time_t(1'000'000'000);
  EXPECT_EQ(utc_text(time), "2001-09-09T01:46:40Z");
  EXPECT_EQ(run_id_of(time), "2001-09-09_01-46-40");
}

TEST(Machine, FactsAreThere) {
  const auto facts = machine_facts();
  EXPECT_GE(facts["cores"], 1);
  EXPECT_GT(facts["memory_bytes"], 1'000'000);
  EXPECT_FALSE(facts["kernel"].get<std::string>().empty());
}

TEST(SizeText, DecimalUnits) {
  EXPECT_EQ(size_text(12), "12 B");
  EXPECT_EQ(size_text(1500), "1.5 kB");
  EXPECT_EQ(size_text(9'460'000), "9.46 MB");
  EXPECT_EQ(size_text(2'500'000'000), "2.50 GB");
}

}  // namespace
}  // namespace nibble
