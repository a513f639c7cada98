// SPDX-License-Identifier: Apache-2.0
#include "data/outlines.h"

#include <fmt/format.h>

#include <algorithm>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr const char* kSegmentation = "segmentation";

Outline outline_of_runs(const JsonRecord& record, const std::string& key) {
  const auto& size = record.member(key, "size");
  const auto& counts = record.member(key, "counts");
  constexpr double kMostPx = 1 << 24;
  const auto is_side = [](double px) { return px >= 1 && px < kMostPx; };
  if (size.kind != JsonField::Kind::numbers || size.numbers.size() != 2 || !is_side(size.numbers[0]) || !is_side(size.numbers[1]))
    record.fail(key + ".size", "expected height and width in pixels");
  Outline outline;
  outline.height_px = static_cast<std::int64_t>(size.numbers[0]);
  outline.width_px = static_cast<std::int64_t>(size.numbers[1]);
  if (counts.kind == JsonField::Kind::text)
    outline.text = counts.text;
  else if (counts.kind == JsonField::Kind::numbers)
    outline.counts = counts.numbers;
  else
    record.fail(key + ".counts", "expected run lengths, as numbers or as text");
  return outline;
}

}  // namespace

RunLengths mask_of(const Outline& outline, std::int64_t height_px, std::int64_t width_px) {
  if (outline.polygons_px.empty()) {
    if (outline.height_px != height_px || outline.width_px != width_px)
      throw Error(ErrorKind::input, fmt::format("mask: run lengths of {} x {} pixels, the image has {} x {}", outline.width_px,
                                                outline.height_px, width_px, height_px));
    return outline.text.empty() ? runs_of_numbers(outline.counts, height_px, width_px) : runs_of_text(outline.text, height_px, width_px);
  }
  std::vector<RunLengths> parts;
  for (const auto& polygon : outline.polygons_px) parts.push_back(runs_of_polygon(polygon, height_px, width_px));
  return united(parts);
}

RunLengths runs_of_record(const JsonRecord& record, const char* key) {
  const Outline outline = outline_of_runs(record, key);
  try {
    return mask_of(outline, outline.height_px, outline.width_px);
  } catch (const Error& error) {
    record.fail(key, error.what());
  }
}

ObjectReader outline_reader(std::vector<Outline>& outlines) {
  const auto keep = [&outlines](std::size_t entry, Outline outline) {
    outlines.resize(std::max(outlines.size(), entry + 1));
    outlines[entry] = std::move(outline);
  };
  ObjectReader reader;
  reader.keys = {kSegmentation};
  reader.wanted = "a COCO instances file with segmentations, or a data.yaml with outlines as labels";
  reader.from_json = [keep](const JsonRecord& record, std::size_t entry) {
    if (record.is_object(kSegmentation)) return keep(entry, outline_of_runs(record, kSegmentation));
    Outline outline;
    outline.polygons_px = record.lists(kSegmentation);
    keep(entry, std::move(outline));
  };
  reader.from_label = [keep](const std::vector<double>& numbers, const CocoImage& image, std::size_t entry) {
    if (numbers.size() < 7)
      throw Error(ErrorKind::input, fmt::format("expected class and an outline of three points or more, found {} numbers", numbers.size()));
    Outline outline;
    auto& points = outline.polygons_px.emplace_back();
    for (std::size_t i = 1; i + 1 < numbers.size(); i += 2) {
      points.push_back(numbers[i] * static_cast<double>(image.width_px));
      points.push_back(numbers[i + 1] * static_cast<double>(image.height_px));
    }
    keep(entry, std::move(outline));
  };
  return reader;
}

}  // namespace nibble
