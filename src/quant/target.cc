// SPDX-License-Identifier: Apache-2.0
#include "quant/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::array<Target, 7> kTargets{{
    {.name = "ort-cpu",
     .consumer = "ONNX Runtime's CPU provider",
     .float_dialects = {"unpack", ""},
     .integer_dialects = {"integer", "qcdq"},
     .basis = "run in ONNX Runtime 1.20 to 1.32"},
    {.name = "ort-cuda",
     .consumer = "ONNX Runtime's CUDA provider",
     .float_dialects = {"unpack", ""},
     .integer_dialects = {"qcdq", ""},
     .why_no_blocks = "with 8-bit activations: its forms of opset 13 have no scales per block; use blocks with float activations",
     .float_blocks = true,
     .basis = "read in the kernel registrations of ONNX Runtime 1.20 to 1.31, not run"},
    {.name = "tensorrt",
     .consumer = "TensorRT",
     .float_dialects = {"qcdq", ""},
     .integer_dialects = {"qcdq", ""},
     .symmetric_weights = true,
     .symmetric_activations = true,
     .clips = false,
     .why_no_blocks = "it takes them for matrix products only, not for convolutions",
     .basis = "read in TensorRT's documentation of explicit quantisation, not run"},
    {.name = "openvino",
     .consumer = "OpenVINO",
     .float_dialects = {"int4", "qcdq"},
     .integer_dialects = {"int4", "qcdq"},
     .basis = "run in OpenVINO 2026.4 (docs/results.md)"},
    {.name = "qnn",
     .consumer = "Qualcomm's HTP",
     .float_dialects = {"", ""},
     .integer_dialects = {"int4", "qcdq"},
     .symmetric_weights = true,
     .why_no_float_activations = "it takes 4-bit weights with quantised activations only; use w4a8",
     .why_no_blocks = "it takes scales per channel or per layer only",
     .basis = "read, not run"},
    {.name = "litert",
     .consumer = "LiteRT",
     .float_dialects = {"qcdq", ""},
     .integer_dialects = {"qcdq", ""},
     .symmetric_weights = true,
     .narrow_weights = true,
     .clips = false,
     .why_no_blocks = "its convolutions take scales per channel or per layer only",
     .basis = "read in LiteRT's specification of 8-bit quantisation; no converter was run"},
    {.name = "brevitas",
     .consumer = "Brevitas and what reads its QCDQ files",
     .float_dialects = {"qcdq", ""},
     .integer_dialects = {"qcdq", ""},
     .why_no_blocks = "the QCDQ dialect has scales per channel or per layer only",
     .basis = "files of Brevitas 0.12.1 are of the same form (tests/parity/brevitas_conformance_test.cc)"},
}};

bool has_float_activations(const Recipe& recipe) { return recipe.activations.bits == 0; }

void require_possible(const Recipe& recipe, const Target& target) {
  const auto refuse = [&](std::string_view what, std::string_view why) {
    throw Error(ErrorKind::unsupported, fmt::format("recipe {} for {}: {}: {} ({})", recipe.name, target.name, what, why, target.basis));
  };
  if (has_float_activations(recipe) && !target.why_no_float_activations.empty())
    refuse("float activations", target.why_no_float_activations);
  const bool allows_blocks = target.why_no_blocks.empty() || (target.float_blocks && has_float_activations(recipe));
  if (recipe.weights.granularity == Granularity::block && !allows_blocks) refuse("scales per block", target.why_no_blocks);
}

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target& find_target(const std::string& name) {
  const auto found = std::find_if(kTargets.begin(), kTargets.end(), [&](const Target& target) { return target.name == name; });
  if (found != kTargets.end()) return *found;
  std::vector<std::string> names;
  for (const Target& target : kTargets) names.emplace_back(target.name);
  throw Error(ErrorKind::usage, fmt::format("unknown target: {}: expected one of {}", name, fmt::join(names, ", ")));
}

void apply_target(Recipe& recipe, const std::string& name) {
  if (name.empty()) return;
  const Target& target = find_target(name);
  require_possible(recipe, target);
  recipe.target = name;
  if (!recipe.name.ends_with("-" + name)) recipe.name += "-" + name;
  if (target.symmetric_weights) recipe.weights.symmetric = true;
  if (target.symmetric_activations) recipe.activations.symmetric = true;
  if (target.narrow_weights) recipe.weights.narrow = true;
}

bool takes_dialect(const Recipe& recipe, std::string_view dialect) {
  if (recipe.target.empty()) return true;
  const Target& target = find_target(recipe.target);
  const auto& taken = has_float_activations(recipe) ? target.float_dialects : target.integer_dialects;
  return !dialect.empty() && std::find(taken.begin(), taken.end(), dialect) != taken.end();
}

}  // namespace nibble
