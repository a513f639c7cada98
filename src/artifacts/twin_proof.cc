// SPDX-License-Identifier: Apache-2.0
#include "artifacts/twin_proof.h"

#include <fmt/format.h>

#include "export/twin.h"
#include "nibble/error.h"

namespace nibble {

std::vector<TwinPair> twin_pairs(const std::vector<VariantFile>& files) {
  const VariantFile exported{"qcdq", ""}, cleaned{"qcdq", "opt"}, half{"qcdq", "fp16"}, packed{"int4", ""}, packed_half{"int4", "fp16"},
      integer{"integer", ""}, unpack{"unpack", ""}, unpack_half{"unpack", "fp16"};
  const auto has = [&](const VariantFile& file) { return index_of(files, file.dialect, file.suffix).has_value(); };
  std::vector<TwinPair> pairs;
  const auto add = [&](const VariantFile& file, const VariantFile& reference, bool same_weights) {
    const bool both = has(file) && has(reference);
    if (both) pairs.push_back({file, reference, same_weights, file.dialect == "integer"});
    return both;
  };
  add(cleaned, exported, true);
  add(packed, cleaned, true);
  add(half, cleaned, false);
  if (!add(packed_half, half, true)) add(packed_half, packed, false);
  if (!add(unpack, packed, true)) add(unpack, cleaned, true);
  if (!add(unpack_half, packed_half, true) && !add(unpack_half, half, true)) add(unpack_half, unpack, false);
  if (!add(integer, cleaned, true)) add(integer, packed, true);
  return pairs;
}

std::vector<TwinReport> prove_twins(const Recipe& recipe, const std::vector<VariantFile>& files, const VariantPath& path_of,
                                    const std::string& method) {
  std::vector<TwinReport> reports;
  for (const auto& pair : twin_pairs(files)) {
    const auto found = compare_twins(path_of(pair.reference), path_of(pair.file), pair.integer ? Biases::rounded : Biases::equal);
    TwinReport report{recipe.name, artifact_name(recipe, pair.file, method), artifact_name(recipe, pair.reference, method)};
    report.layers = found.layers;
    report.codes = found.codes;
    report.weights = pair.same_weights ? found.weights : 0;
    report.same_outputs = !pair.integer;
    report.difference = found.codes_differ;
    if (pair.same_weights && report.difference.empty()) report.difference = found.weights_differ;
    reports.push_back(std::move(report));
  }
  return reports;
}

void require_twins(const std::vector<TwinReport>& twins) {
  for (const auto& twin : twins)
    if (!twin.difference.empty())
      throw Error(ErrorKind::internal,
                  fmt::format("twins: {} and {}: {}; please report it", twin.artifact, twin.reference, twin.difference));
}

}  // namespace nibble
