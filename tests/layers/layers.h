// SPDX-License-Identifier: Apache-2.0
// Who may include whom: the tables of docs/architecture.md, held against the #include lines of a source tree.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nibble::layers {

/// One row of the module table.
struct Module {
  bool includes_all = false;                     ///< "all"
  std::set<std::string> modules;                 ///< "base"; its own folder and include/nibble go without saying
  std::map<std::string, std::string> libraries;  ///< outside library -> the one file that may, or "" for every file
};
struct Rules {
  std::map<std::string, Module> modules;            ///< "ckpt" for src/ckpt, "nibble" for include/nibble
  std::map<std::string, std::string> header_owner;  ///< "torch/", "onnxruntime_*" (prefixes) or "zlib.h" -> library
};

/// Reads the tables whose first column is headed "folder" and "outside library". std::runtime_error naming the row when
/// a cell refers to a module or library without a row.
Rules parse_rules(std::string_view markdown);

/// The rows of the drawing: the first block of code that is headed "text", as the modules left of the vertical bar, from top to bottom.
std::vector<std::set<std::string>> parse_drawing(std::string_view markdown);

/// What is wrong with a drawing: a module that is missing, unknown or drawn twice, or that may include one beside or above it.
std::vector<std::string> drawing_faults(const std::vector<std::set<std::string>>& drawing, const Rules& rules);

/// Every line of src/ and include/ under `root` that the rules do not allow, "src/a/x.cc:3: ...", in order of file. Tests
/// beside the code (*_test.cc, test_*.h, fuzz_*.cc) may include anything, and nothing else may include them. A folder without a row, and a
/// row without a folder, are violations too.
std::vector<std::string> find_violations(const std::filesystem::path& root, const Rules& rules);

}  // namespace nibble::layers
