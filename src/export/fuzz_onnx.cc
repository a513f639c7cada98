// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes, read as an ONNX file, summarised and cleaned up as far as that works without a runtime. Built by
// `cmake --preset fuzz`, run by `make fuzz`.
#include <cstdint>
#include <sstream>
#include <string>

#include "export/cleanup_passes.h"
#include "export/onnx_file.h"
#include "export/onnx_summary.h"
#include "export/test_model_mutator.h"
#include "nibble/error.h"

namespace {

void clean(onnx::GraphProto& graph) {
  using namespace nibble;
  for (auto* const pass : {remove_identities,
                           remove_dropouts,
                           remove_noop_casts,
                           remove_noop_reshapes,
                           remove_noop_transposes,
                           remove_noop_slices,
                           remove_noop_pads,
                           remove_noop_joins,
                           remove_noop_arithmetic,
                           remove_full_range_clips,
                           fold_shape_arithmetic,
                           join_transposes,
                           join_reshapes,
                           merge_equal_nodes,
                           move_constants,
                           drop_dead_nodes,
                           merge_duplicate_initialisers,
                           drop_unused_initialisers,
                           narrow_constants,
                           own_initialisers,
                           sort_nodes})
    pass(graph);
}

}  // namespace

/// Models are changed field by field, three times of four.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  onnx::ModelProto model;
  if (seed % 4 == 0 || !model.ParseFromArray(data, static_cast<int>(size))) return LLVMFuzzerMutate(data, size, max_size);
  nibble::test::ModelMutator(seed).mutate(model);
  const auto bytes = model.ByteSizeLong();
  if (bytes == 0 || bytes > max_size) return LLVMFuzzerMutate(data, size, max_size);
  model.SerializeToArray(data, static_cast<int>(bytes));
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream file(std::string(reinterpret_cast<const char*>(data), size));
  try {
    onnx::ModelProto model = nibble::parse_onnx(file, "fuzz.onnx");
    nibble::summarize_onnx(model);
    clean(*model.mutable_graph());
  } catch (const nibble::Error& error) {
    if (error.kind() == nibble::ErrorKind::internal) __builtin_trap();
  }
  return 0;
}
