// SPDX-License-Identifier: Apache-2.0
// Files that a command reads because another file names them.
#pragma once
#include <filesystem>
#include <vector>

namespace nibble {

/// An image by its extension, or a text file that holds labels: in a folder `labels`, or beside an image of its name.
bool is_data_file(const std::filesystem::path& path);

/// `input` itself, and what it names as far as that is there: the entries of a text file of paths, the folders and lists of the splits of
/// a data.yaml with the folders of their labels, the external data of an ONNX file. What cannot be read names nothing; its own reader will
/// say why.
std::vector<std::filesystem::path> named_by(const std::filesystem::path& input);

}  // namespace nibble
