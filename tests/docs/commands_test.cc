// SPDX-License-Identifier: Apache-2.0
// Every command in the README, the runbooks and the tutorial is run as it stands there, on files that have the names the pages use: small
// checkpoints with random weights, inputs of 64 px and a few images. A block that cannot be run says why, in the comment in front of it:
// <!-- not run: REASON -->.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "docs/markdown.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

const fs::path kSource = NIBBLE_SOURCE_DIR;

std::vector<fs::path> first_images(const std::string& folder, std::size_t count) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource / "assets/coco" / folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  files.resize(count);
  return files;
}

/// An Ultralytics data set with the two classes of the small checkpoints: dataset/data.yaml.
void lay_data_set(const fs::path& folder) {
  for (const auto& [split, source, count] : {std::tuple{"train", "train2017", 6}, std::tuple{"val", "val2017", 4}}) {
    fs::create_directories(folder / "dataset/images" / split);
    fs::create_directories(folder / "dataset/labels" / split);
    for (const auto& file : first_images(source, static_cast<std::size_t>(count))) {
      fs::copy_file(file, folder / "dataset/images" / split / file.filename());
      write_file(folder / "dataset/labels" / split / (file.stem().string() + ".txt"), "0 0.5 0.5 0.4 0.4\n1 0.3 0.3 0.2 0.5\n");
    }
  }
  write_file(folder / "dataset/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: {0: class 0, 1: class 1}\n");
}

/// COCO's folders with the same images and classes.
void lay_coco(const fs::path& folder) {
  fs::create_directories(folder / "coco/annotations");
  fs::copy(folder / "dataset/images/train", folder / "coco/train2017");
  fs::copy(folder / "dataset/images/val", folder / "coco/val2017");
  Json images = Json::array(), annotations = Json::array();
  for (const auto& file : first_images("val2017", 4)) {
    const auto id = static_cast<std::int64_t>(images.size()) + 1;
    images.push_back({{"id", id}, {"file_name", file.filename().string()}});
    annotations.push_back({{"id", id}, {"image_id", id}, {"category_id", 1}, {"bbox", {10, 10, 100, 100}}});
  }
  const Json categories = {{{"id", 1}, {"name", "class 0"}}, {{"id", 2}, {"name", "class 1"}}};
  write_json(folder / "coco/annotations/instances_val2017.json",
             {{"images", images}, {"annotations", annotations}, {"categories", categories}});
}

void lay_files(const fs::path& folder) {
  const auto checkpoints = kSource / "tests/golden/families";
  fs::copy_file(checkpoints / "yolov8.pt", folder / "best.pt");
  fs::create_directories(folder / "models/yolo10/checkpoints");
  fs::copy_file(checkpoints / "yolo26.pt", folder / "models/yolo10/checkpoints/yolov10m.pt");  // it has both heads, as YOLOv10 has
  lay_data_set(folder);
  lay_coco(folder);
  fs::create_directories(folder / "bin");
  // Inputs of 64 px in place of 640, one thread: what is tested is that the commands fit the program, not what it computes.
  write_file(folder / "bin/nibble",
             "#!/bin/bash\n"
             "case \"$1\" in run | quantize | export) set -- \"$@\" --imgsz 64 ;; esac\n"
             "case \"$*\" in *--threads* | inspect* | export* | verify* | replay*) ;; *) set -- \"$@\" --threads 1 ;; esac\n"
             "exec '" NIBBLE_BINARY_DIR "/nibble' \"$@\"\n");
  fs::permissions(folder / "bin/nibble", fs::perms::owner_all);
  fs::create_directories(folder / "build");
  fs::copy_file(folder / "bin/nibble", folder / "build/nibble");
  fs::copy(folder / "dataset/images/train", folder / "photos");
}

/// Runs a block by bash; its output goes to "output.txt".
int run_block(const std::string& text, const fs::path& folder) {
  write_file(folder / "block.sh", "export PATH=\"$PWD/bin:$PATH\"\nset -euo pipefail\n" + text);
  const auto command = "cd '" + folder.string() + "' && bash block.sh > output.txt 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Page {
  std::string path;
  std::size_t run, not_run;  ///< blocks of commands: with another number the page or its marks have changed
};

class Commands : public testing::TestWithParam<Page> {};

TEST_P(Commands, OfThePageRun) {
  const auto& page = GetParam();
  const auto folder = scratch_folder();
  lay_files(folder);
  std::size_t run = 0, not_run = 0;
  for (const auto& block : test::read_markdown(read_file(kSource / page.path)).blocks) {
    if (block.language == "yaml" && block.text.starts_with("# ")) {  // a file to write: its first line names it
      write_file(folder / block.text.substr(2, block.text.find('\n') - 2), block.text);
    }
    if (!block.language.empty() && block.language != "bash") continue;
    if (!block.why_not_run.empty()) {
      ++not_run;
      continue;
    }
    ++run;
    const int code = run_block(block.text, folder);
    EXPECT_EQ(code, 0) << page.path << ":" << block.line << ":\n" << block.text << read_file(folder / "output.txt");
    if (code != 0) break;  // what follows reads what this one did not write
  }
  EXPECT_EQ(run, page.run);
  EXPECT_EQ(not_run, page.not_run);
}

INSTANTIATE_TEST_SUITE_P(Pages, Commands,
                         testing::Values(Page{"README.md", 2, 1}, Page{"docs/tutorial.md", 9, 0}, Page{"models/README.md", 9, 2},
                                         Page{"models/yolo10/README.md", 3, 0}),
                         [](const auto& each) {
                           std::string name = each.param.path;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return c == '/' || c == '.'; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace nibble
