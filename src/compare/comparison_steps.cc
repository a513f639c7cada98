// SPDX-License-Identifier: Apache-2.0
#include "compare/comparison_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/image_size_text.h"
#include "data/image.h"
#include "nibble/error.h"
#include "scoring/found_objects.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

std::vector<std::string> names_of(const TensorComparison& tensors, bool ends_only) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < tensors.layers.size(); ++i)
    if (!ends_only || tensors.is_end[i]) names.push_back(tensors.layers[i].layer);
  return names;
}

void try_parts(const InsideComparison& inside, Comparison& comparison, Progress& progress) {
  if (comparison.tensors->matched_by_place) {
    comparison.notes.emplace_back("parts: not tried: the two files call their layers by different names");
    return;
  }
  try {
    comparison.parts = measure_part_gains(inside.detector_a, inside.a, inside.b, names_of(*comparison.tensors, false),
                                          names_of(*comparison.tensors, true), inside.set, inside.images, inside.runtime, progress);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) throw;
    comparison.notes.push_back(fmt::format("parts: not tried: {}", error.what()));
  }
}

}  // namespace

ComparedFile compared_file(const std::filesystem::path& file, const std::string& shown, const DetectorFile& detector) {
  const auto head = detector.is_classifier ? "classes" : std::string(name_of(detector.layout));
  return {shown, sha256_of_file(file), static_cast<std::int64_t>(std::filesystem::file_size(file)), head};
}

void describe_data(const EvalSet& set, Comparison& comparison) {
  comparison.images = set.images_name;
  comparison.annotations = set.annotations_name;
  comparison.count = static_cast<std::int64_t>(set.dataset.images.size());
  for (const auto& category : set.dataset.categories) comparison.category_names[category.id] = category.name;
}

void compare_inside(const InsideComparison& inside, Comparison& comparison, Progress& progress) {
  const auto& a = inside.detector_a;
  const auto& b = inside.detector_b;
  if (a.image_size != b.image_size || a.batch != b.batch) {
    comparison.notes.push_back(fmt::format("layers: not compared: A takes {} images of {} px, B {} of {} px", a.batch,
                                           text_of(a.image_size), b.batch, text_of(b.image_size)));
    return;
  }
  const auto& images = inside.set.dataset.images;
  const auto count = std::min(inside.images, static_cast<std::int64_t>(images.size()));
  const auto input = [&](std::int64_t i) {
    return network_input(read_input(a, image_path(inside.set, images[static_cast<std::size_t>(i)])), a);
  };
  try {
    comparison.tensors = compare_tensors(inside.a, inside.b, count, input, inside.runtime, progress);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    comparison.notes.push_back(fmt::format("layers: not compared: {}", error.what()));  // the detections still tell
    return;
  }
  if (a.kind != b.kind) {
    comparison.notes.emplace_back("parts: not tried: the two files have different heads");
  } else if (inside.parts) {
    try_parts(inside, comparison, progress);
  }
}

}  // namespace nibble
