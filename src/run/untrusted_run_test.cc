// SPDX-License-Identifier: Apache-2.0
#include "run/untrusted_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using test::expect_error;

class UntrustedRunFolder : public test::Scratch {
 protected:
  fs::path run_folder(const std::string& manifest = R"({"status": "done", "files": {}})") const {
    file("run/onnx/a.onnx", "abc");
    return file("run/run.json", manifest).parent_path();
  }
};

TEST_F(UntrustedRunFolder, ListsItsFilesAndReadsThem) {
  const auto run = UntrustedRun::open(run_folder());
  EXPECT_THAT(run.files(), testing::ElementsAre("onnx/a.onnx", "run.json"));
  EXPECT_TRUE(run.has("onnx/a.onnx"));
  EXPECT_EQ(run.text("onnx/a.onnx"), "abc");
}

TEST_F(UntrustedRunFolder, NoNameLeadsOutOfTheFolder) {
  const auto run_dir = run_folder();
  write_file(run_dir.parent_path() / "secret.txt", "secret");
  const auto run = UntrustedRun::open(run_dir);
  for (const auto* name :
       {"../secret.txt", "/etc/passwd", "onnx/../../secret.txt", "onnx/../run.json", "./run.json", "onnx//a.onnx", "", "onnx", "nothing"})
    expect_error(ErrorKind::input, {"run directory"}, [&] { run.file(name); });
}

TEST_F(UntrustedRunFolder, LinksAndDevicesAreRefused) {
  const auto run_dir = run_folder();
  fs::create_symlink("/etc/passwd", run_dir / "summary.md");
  expect_error(ErrorKind::input, {"summary.md", "is a link"}, [&] { UntrustedRun::open(run_dir); });
  fs::remove(run_dir / "summary.md");
  fs::create_directory_symlink("/etc", run_dir / "env");
  expect_error(ErrorKind::input, {"env", "is a link"}, [&] { UntrustedRun::open(run_dir); });
  fs::remove(run_dir / "env");
  ASSERT_EQ(::mkfifo((run_dir / "gates.json").c_str(), 0600), 0);
  expect_error(ErrorKind::input, {"gates.json", "neither a file nor a folder"}, [&] { UntrustedRun::open(run_dir); });
}

TEST_F(UntrustedRunFolder, SizesAreBoundedBeforeAnythingIsRead) {
  const auto run_dir = run_folder();
  fs::resize_file(run_dir / "onnx/a.onnx", RunLimits::kFile + 1);  // sparse
  fs::resize_file(run_dir / "run.json", RunLimits::kManifest + 1);
  expect_error(ErrorKind::input, {"run.json", "at most"}, [&] { UntrustedRun::open(run_dir); });
  write_file(run_dir / "run.json", R"({"status": "done", "files": {}})");
  const auto run = UntrustedRun::open(run_dir);
  expect_error(ErrorKind::input, {"a.onnx", "at most"}, [&] { run.file("onnx/a.onnx"); });
}

TEST_F(UntrustedRunFolder, JsonOfAnyDepthIsRefusedAndNotFollowed) {
  const auto deep = std::string(1'000'000, '[');
  expect_error(ErrorKind::input, {"nested"}, [&] { UntrustedRun::open(run_folder(deep)); });
  const auto run_dir = run_folder();
  write_file(run_dir / "ok.json", R"({"a": "[[[[\"[", "b": [[1]]})");
  EXPECT_EQ(UntrustedRun::open(run_dir).json("ok.json").at("b").at(0).at(0).get<int>(), 1);
}

TEST_F(UntrustedRunFolder, OnlyAFinishedRunIsOne) {
  expect_error(ErrorKind::input, {"status \"running\""}, [&] { UntrustedRun::open(run_folder(R"({"status": "running", "files": {}})")); });
  expect_error(ErrorKind::input, {"no manifest"}, [&] { UntrustedRun::open(run_folder("[]")); });
  expect_error(ErrorKind::input, {"no manifest"}, [&] { UntrustedRun::open(run_folder(R"({"status": "done", "files": []})")); });
  expect_error(ErrorKind::input, {"run.json", "not JSON"}, [&] { UntrustedRun::open(run_folder("{")); });
  expect_error(ErrorKind::input, {"no such folder"}, [] { UntrustedRun::open("/nowhere/at/all"); });
  expect_error(ErrorKind::input, {"run.json"}, [&] { UntrustedRun::open(folder()); });
}

}  // namespace
}  // namespace nibble
