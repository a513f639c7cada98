// SPDX-License-Identifier: Apache-2.0
// power_cut_writer FOLDER: writes a file durably and two that are not, for the tests of power_cut.cc.
#include <filesystem>
#include <ostream>

#include "base/files.h"

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  nibble::write_file_durably(folder / "durable", [](std::ostream& out) { out << "here"; });
  nibble::write_file(folder / "other", "gone");
  nibble::write_file(folder / "never", "");
}
