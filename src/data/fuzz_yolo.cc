// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as a YOLO data set. An even first byte: the rest is the data.yaml of a folder with one labelled image; an odd
// one: the rest is the label file. Its second bit says whether bad data are skipped.
#include <string>

#include "base/test_fuzz.h"
#include "data/coco.h"

namespace {

using namespace nibble;

/// A BMP of 1 x 1 px: 14 and 40 bytes of headers, and a row of four bytes.
std::string small_image() {
  std::string bytes("BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x18\0", 30);
  bytes.resize(54);
  return bytes + std::string("\x7f\x7f\x7f\0", 4);
}

void make_labelled_folder() {
  for (const auto* part : {"images/val", "labels/val"}) std::filesystem::create_directories(test::fuzz_folder() / part);
  test::fuzz_file("images/val/1.bmp", small_image());
}

/// Absolute paths and those that leave the folder would have the target read whatever lies on the disk, which no input should depend on.
bool may_leave_the_folder(std::string_view yaml) {
  if (yaml.find("..") != std::string_view::npos || yaml.find('~') != std::string_view::npos || yaml.find('\\') != std::string_view::npos)
    return true;
  for (auto at = yaml.find('/'); at != std::string_view::npos; at = yaml.find('/', at + 1))
    if (at == 0 || std::isalnum(static_cast<unsigned char>(yaml[at - 1])) == 0) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  make_labelled_folder();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = test::text_of(data + 1, size - 1);
  const bool is_yaml = data[0] % 2 == 0;
  if (is_yaml && may_leave_the_folder(input)) return -1;
  const auto data_yaml = test::fuzz_file("data.yaml", is_yaml ? input : "path: .\nval: images/val\nnames: [a, b]\n");
  test::fuzz_file("labels/val/1.txt", is_yaml ? "0 0.5 0.5 0.5 0.5\n" : input);
  const auto rule = data[0] / 2 % 2 == 0 ? OnBadData::stop : OnBadData::skip;
  return test::expect_refusal_or_success([&] { read_yolo(data_yaml, "val", rule); });
}
