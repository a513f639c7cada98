// SPDX-License-Identifier: Apache-2.0
// Where nibble itself lies. Loadable modules, data and ONNX Runtime are looked for from there, so that another program that nibble is
// linked into finds them as its own program does.
#pragma once
#include <filesystem>

namespace nibble {

/// The folder of libnibble_base.so, links resolved; empty if the system does not say.
std::filesystem::path library_folder();

}  // namespace nibble
