// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <optional>
#include <regex>
#include <stdexcept>

#include "layers.h"

namespace nibble::layers {
namespace fs = std::filesystem;
namespace {

struct Include {
  int line = 0;
  std::string header;
  bool quoted = false;
};

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)re");
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::vector<Include> found;
  std::smatch match;
  std::string text;
  for (int line = 1; std::getline(in, text); ++line)
    if (std::regex_match(text, match, pattern)) found.push_back({line, match[2], match[1] == "\""});
  return found;
}

/// Tests and what only they use: foo_test.cc, test_support.h, fuzz_foo.cc.
bool is_for_tests(const fs::path& file) {
  const auto name = file.filename().string();
  return name.ends_with("_test.cc") || name.starts_with("test_") || name.starts_with("fuzz_");
}

bool is_shipped(const fs::path& file) { return (file.extension() == ".cc" || file.extension() == ".h") && !is_for_tests(file); }

/// The shipped files of one module, sorted, so that the report does not depend on the disk.
std::vector<fs::path> sources_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && is_shipped(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// <vector>, <cstdint>: no folder, no ending.
bool is_standard(const std::string& header) { return header.find_first_of("./") == std::string::npos; }

/// "torch/", "onnxruntime_*".
bool is_prefix(const std::string& name) { return name.ends_with('/') || name.ends_with('*'); }

std::optional<std::string> library_owning(const Rules& rules, const std::string& header) {
  for (const auto& [name, library] : rules.header_owner)
    if (header == name || (is_prefix(name) && header.starts_with(name.substr(0, name.find('*'))))) return library;
  return std::nullopt;
}

/// Why `file` of `module` may not include `header`; empty if it may.
std::string objection_to_module(const Rules& rules, const std::string& module, const std::string& header) {
  const auto slash = header.find('/');
  if (slash == std::string::npos) return "name the folder: \"" + module + "/" + header + "\"";
  const std::string other = header.substr(0, slash);
  if (!rules.modules.contains(other)) return "\"" + header + "\": no row for folder '" + other + "'";
  if (is_for_tests(header)) return "\"" + header + "\" is for tests only";
  const Module& own = rules.modules.at(module);
  if (other == module || other == "nibble" || own.includes_all || own.modules.contains(other)) return {};
  return module + " may not include " + other + " (\"" + header + "\")";
}

std::string objection_to_library(const Rules& rules, const std::string& module, const fs::path& file, const std::string& header) {
  if (is_standard(header)) return {};
  const auto library = library_owning(rules, header);
  if (!library) return "<" + header + ">: no row for its library";
  const auto& allowed = rules.modules.at(module).libraries;
  const auto found = allowed.find(*library);
  if (found == allowed.end()) return module + " may not use " + *library + " (<" + header + ">)";
  if (!found->second.empty() && found->second != file.filename())
    return "only " + found->second + " may use " + *library + " (<" + header + ">)";
  return {};
}

/// <nibble/error.h> is a module's header as well as "nibble/error.h".
bool names_module(const Include& include) { return include.quoted || include.header.starts_with("nibble/"); }

void check_file(const fs::path& root, const Rules& rules, const std::string& module, const fs::path& file,
                std::vector<std::string>& violations) {
  for (const auto& include : includes_of(file)) {
    const auto objection = names_module(include) ? objection_to_module(rules, module, include.header)
                                                 : objection_to_library(rules, module, file, include.header);
    if (!objection.empty()) violations.push_back(fs::relative(file, root).string() + ":" + std::to_string(include.line) + ": " + objection);
  }
}

std::map<std::string, fs::path> module_folders(const fs::path& root) {
  std::map<std::string, fs::path> folders = {{"nibble", root / "include" / "nibble"}};
  for (const auto& entry : fs::directory_iterator(root / "src"))
    if (entry.is_directory() && !fs::is_empty(entry.path())) folders.emplace(entry.path().filename().string(), entry.path());
  return folders;
}

}  // namespace

std::vector<std::string> find_violations(const fs::path& root, const Rules& rules) {
  std::vector<std::string> violations;
  const auto folders = module_folders(root);
  for (const auto& [module, folder] : folders) {
    if (!rules.modules.contains(module)) {
      violations.push_back(fs::relative(folder, root).string() + ": no row in the table of modules");
      continue;
    }
    for (const auto& file : sources_of(folder)) check_file(root, rules, module, file, violations);
  }
  for (const auto& [module, row] : rules.modules)
    if (!folders.contains(module)) violations.push_back(module + ": a row without a folder");
  return violations;
}

}  // namespace nibble::layers
