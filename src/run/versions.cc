// SPDX-License-Identifier: Apache-2.0
#include "run/versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/image.h"
#include "nibble/error.h"
#include "nibble/version.h"
#include "ort/session.h"
#include "quant/calibrate.h"

namespace nibble {
namespace {

LibraryState torch_state() {
  const auto info = torch_info();
  return {"LibTorch", info.version,
          fmt::format("BLAS {}, {}", info.blas, info.has_cuda ? fmt::format("CUDA, {} GPUs", info.gpus) : "no CUDA")};
}

LibraryState runtime_state() {
  const auto info = onnx_runtime_info();
  return {"ONNX Runtime", info.version, fmt::format("{}, {}", info.library.string(), fmt::join(info.providers, ", "))};
}

LibraryState image_state() { return {"OpenCV", image_library_version(), ""}; }

LibraryState attempt(const std::string& name, LibraryState (*ask)()) {
  try {
    return ask();
  } catch (const Error& error) {
    return {name, "", error.what()};
  }
}

}  // namespace

std::vector<LibraryState> library_states() {
  return {attempt("LibTorch", torch_state), attempt("ONNX Runtime", runtime_state), attempt("OpenCV", image_state)};
}

Json library_versions() {
  Json versions = {{"nibble", kVersion}, {"compiler", __VERSION__}};
  for (const auto& state : library_states()) {
    versions[state.name] = state.version.empty() ? Json(nullptr) : Json(state.version);
    versions[state.name + " detail"] = state.detail;
  }
  return versions;
}

}  // namespace nibble
