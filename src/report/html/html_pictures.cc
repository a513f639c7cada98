// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <utility>

#include "report/html/html_origin.h"
#include "report/html/html_parts.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

constexpr std::string_view kDataUri = "data:image/jpeg;base64,";

/// RFC 4648, section 4.
std::string base64(const std::string& bytes) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kLetters[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::size_t uri_bytes(const HtmlPicture& picture) { return kDataUri.size() + (picture.jpeg.size() + 2) / 3 * 4; }

std::int64_t count_at(const PlacedJson& facts, const char* key) { return facts.value(key, std::int64_t{0}); }

std::string objects_text(std::int64_t count) { return fmt::format("{} object{}", count, count == 1 ? "" : "s"); }

/// "2 lost, 1 new"; empty where nothing changed.
std::string changes_text(const PlacedJson& facts) {
  std::vector<std::string> parts;
  for (const auto* change : {"lost", "new", "class changed", "moved"})
    if (const auto count = count_at(facts, change); count > 0) parts.push_back(fmt::format("{} {}", count, change));
  return fmt::format("{}", fmt::join(parts, ", "));
}

Json values_with(const HtmlPicture& picture, const std::string& what, const std::string& alt) {
  const auto& facts = picture.facts;
  return {{"source", std::string(kDataUri) + base64(picture.jpeg)},
          {"kind", facts.value("kind", "")},
          {"caption", fmt::format("{}: {}", facts.value("file_name", ""), what)},
          {"link", relative_link(facts.value("file", ""))},
          {"alt", alt}};
}

/// An image of a classifier is one thing: its best class is the same or another.
Json class_picture_values(const HtmlPicture& picture, const std::string& baseline, const std::string& name) {
  const std::string what = count_at(picture.facts, "class changed") > 0 ? "another best class" : "the same best class";
  return values_with(picture, what,
                     fmt::format("Image {} twice: on the left with the best classes of {}, on the right with those of {}. It has {}.",
                                 picture.facts.value("file_name", ""), baseline, name, what));
}

Json picture_values(const HtmlPicture& picture, const std::string& baseline, const std::string& name) {
  const auto& facts = picture.facts;
  const auto changes = changes_text(facts);
  const auto unchanged = fmt::format("{} unchanged", count_at(facts, "same"));
  const auto counts = changes.empty() ? unchanged : fmt::format("{}; {}", changes, unchanged);
  return values_with(picture, counts,
                     fmt::format("Image {} twice: on the left with the {} of {}, on the right with those of {}. {}.",
                                 facts.value("file_name", ""), objects_text(count_at(facts, "baseline_boxes")), baseline, name, counts));
}

using Shown = std::set<std::pair<std::string, std::size_t>>;  ///< artifact and place of a picture

/// The first pictures of all, then the second ones, and so on, until one does not fit.
Shown within(const std::map<std::string, std::vector<HtmlPicture>>& pictures, std::size_t budget) {
  std::size_t most = 0, spent = 0;
  for (const auto& [name, list] : pictures) most = std::max(most, list.size());
  Shown shown;
  for (std::size_t i = 0; i < most; ++i)
    for (const auto& [name, list] : pictures) {
      if (i >= list.size()) continue;
      spent += uri_bytes(list[i]);
      if (spent > budget) return shown;
      shown.emplace(name, i);
    }
  return shown;
}

}  // namespace

Json picture_sections(const Report& report, const std::map<std::string, std::vector<HtmlPicture>>& pictures, std::size_t budget) {
  const auto shown = within(pictures, budget);
  Json sections = Json::array();
  const auto* baseline = baseline_of(report);
  const auto baseline_name = baseline ? baseline->name : "float";
  const auto values = report.task == Task::classify ? class_picture_values : picture_values;
  for (const auto& artifact : report.artifacts) {
    const auto found = pictures.find(artifact.name);
    if (found == pictures.end() || found->second.empty()) continue;
    Json list = Json::array();
    for (std::size_t i = 0; i < found->second.size(); ++i)
      if (shown.contains({artifact.name, i})) list.push_back(values(found->second[i], baseline_name, artifact.name));
    const auto left_out = found->second.size() - list.size();
    Json note = false;
    if (left_out > 0)
      note = {{"text", fmt::format("{} more lie in the run directory; the page would grow too large with them.", left_out)}};
    sections.push_back({{"name", artifact.name}, {"pictures", list}, {"left_out", note}});
  }
  return sections;
}

}  // namespace nibble
