// SPDX-License-Identifier: Apache-2.0
// nibble.spdx.json (cmake/sbom.cmake) names all that the built files are made of, and third_party.txt all that the build asks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "hardening/elf_file.h"

namespace nibble::test {
namespace {
namespace fs = std::filesystem;

const fs::path kBuild = NIBBLE_BINARY_DIR, kSource = NIBBLE_SOURCE_DIR;
const std::vector<std::string> kShipped{"nibble", "libnibble.so", "libnibble_base.so", "libnibble_torch.so", "libnibble_image.so"};

/// name, use, version, licence, package, sha256, origin
using Row = std::vector<std::string>;
std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text.erase(0, text.find_first_not_of(' '));
  return text;
}
std::vector<Row> rows() {
  std::vector<Row> result;
  std::ifstream file(kSource / "third_party.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Row row;
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, '|');) row.push_back(trimmed(part));
    EXPECT_EQ(row.size(), 7U) << line;
    result.push_back(row);
  }
  return result;
}
Json sbom() { return read_json(kBuild / "sbom/nibble.spdx.json"); }
bool on_debian() { return fs::exists("/var/lib/dpkg/status"); }

TEST(Supply, EveryLibraryThatAFileNamesIsListedWithALicence) {
  if (!on_debian()) GTEST_SKIP() << "without Debian's packages a library is listed by its hash alone";
  std::set<std::string> named, listed;
  for (const auto& file : kShipped)
    for (const auto& library : read_elf(kBuild / file).needed)
      if (!library.starts_with("libnibble")) named.insert(library);
  EXPECT_GE(named.size(), 12U);
  const auto document = sbom();
  for (const auto& package : document.at("packages")) {
    if (package.at("licenseDeclared") == "NOASSERTION") continue;
    std::istringstream words(package.value("comment", ""));
    for (std::string word; words >> word;) listed.insert(word.ends_with('.') ? word.substr(0, word.size() - 1) : word);
  }
  for (const auto& library : named) EXPECT_TRUE(listed.contains(library)) << library << ": in no package of nibble.spdx.json";
}

TEST(Supply, PackagesHaveVersionsAndIdentifiersOfTheirOwn) {
  if (!on_debian()) GTEST_SKIP() << "versions are those of Debian's packages";
  std::set<std::string> identifiers, tools;  // a contributor's tools need not be there
  for (const auto& row : rows())
    if (row[1] == "dev") tools.insert(row[0]);
  const auto document = sbom();
  EXPECT_EQ(document.at("spdxVersion"), "SPDX-2.3");
  for (const auto& package : document.at("packages")) {
    EXPECT_TRUE(package.contains("versionInfo") || tools.contains(package.at("name"))) << package.at("name");
    EXPECT_TRUE(identifiers.insert(package.at("SPDXID")).second) << package.at("name");
  }
  EXPECT_GT(identifiers.size(), rows().size() + 100) << "LibTorch and OpenCV bring hundreds";
  std::set<std::string> related{"SPDXRef-nibble"};
  for (const auto& relation : document.at("relationships")) {
    related.insert(relation.at("spdxElementId"));
    related.insert(relation.at("relatedSpdxElement"));
  }
  for (const auto& identifier : identifiers) EXPECT_TRUE(related.contains(identifier)) << identifier;
}

TEST(Supply, EveryRowIsListedAndWhatIsBuiltInHasItsLicence) {
  std::set<std::string> names;
  const auto document = sbom();
  for (const auto& package : document.at("packages")) names.insert(package.at("name"));
  std::size_t licences = 0;
  for (const auto& row : rows()) {
    EXPECT_TRUE(names.contains(row[0])) << row[0];
    if (on_debian() && (row[1] == "linked" || row[1] == "compiled" || row[1] == "loaded")) ++licences;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(kBuild / "sbom/licences"), {}), licences);
}

TEST(Supply, WhatIsShippedIsWhatItsHashSays) {
  int checked = 0;
  for (const auto& row : rows()) {
    if (!fs::is_regular_file(kSource / row[4])) continue;
    EXPECT_EQ(sha256_of_file(kSource / row[4]), row[5]) << row[4];
    ++checked;
  }
  EXPECT_EQ(checked, 2);
}

/// A library that the code includes and no row names would be in no list.
TEST(Supply, EveryOutsideLibraryOfTheArchitectureHasARow) {
  std::set<std::string> names;
  for (const auto& row : rows()) names.insert(row[0]);
  const std::map<std::string, std::string> other_names{{"nlohmann-json", "JSON for Modern C++"},
                                                       {"protobuf", "Protocol Buffers"},
                                                       {"mustache", "Mustache"},
                                                       {"OpenCV", "OpenCV core"},
                                                       {"system", "GNU C library"}};
  std::ifstream file(kSource / "docs/architecture.md");
  int found = 0;
  bool in_table = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| outside library |")) {
      in_table = true;
    } else if (in_table && !line.starts_with("|")) {
      break;
    } else if (in_table && !line.starts_with("|--")) {
      const auto name = trimmed(line.substr(1, line.find('|', 1) - 1));
      const auto other = other_names.find(name);
      EXPECT_TRUE(names.contains(other == other_names.end() ? name : other->second)) << name;
      ++found;
    }
  }
  EXPECT_GE(found, 12);
}

}  // namespace
}  // namespace nibble::test
