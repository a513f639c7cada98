// SPDX-License-Identifier: Apache-2.0
#include "ckpt/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/kind_of_file.h"
#include "base/wrong_download.h"
#include "ckpt/text.h"

namespace nibble {
namespace {

using namespace std::string_view_literals;

constexpr auto kDownloadAgain = "download the file again";
constexpr std::size_t kTextSample = 512;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
  std::string_view advice;
};

constexpr auto kUnpack = "unpack it first"sv;
constexpr auto kNamePt = "name the .pt file that torch.save wrote"sv;

/// Signatures of well-known formats, as their own documents state them.
constexpr std::array kSignatures = {
    Signature{0, "\x1f\x8b"sv, "a gzip archive", kUnpack},
    Signature{0, "BZh"sv, "a bzip2 archive", kUnpack},
    Signature{0,
              "\xfd"
              "7zXZ\0"sv,
              "an xz archive", kUnpack},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "a zstd archive", kUnpack},
    Signature{0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive", kUnpack},
    Signature{0, "Rar!"sv, "a rar archive", kUnpack},
    Signature{257, "ustar"sv, "a tar archive", kUnpack},
    Signature{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 (Keras) file", kNamePt},
    Signature{0, "\x93NUMPY"sv, "a NumPy array", kNamePt},
    Signature{0, "GGUF"sv, "a GGUF model", kNamePt},
    Signature{4, "TFL3"sv, "a TensorFlow Lite model", kNamePt},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "a program or shared library", kNamePt},
    Signature{0, "\x89PNG"sv, "a PNG image", kNamePt},
    Signature{0, "\xff\xd8\xff"sv, "a JPEG image", kNamePt},
    Signature{0, "%PDF"sv, "a PDF document", kNamePt},
};

std::optional<std::string> explain_signature(std::string_view bytes) {
  for (const auto& signature : kSignatures)
    if (bytes.substr(std::min(signature.offset, bytes.size())).starts_with(signature.bytes))
      return fmt::format("this is {}, not a PyTorch checkpoint; {}", signature.what, signature.advice);
  return std::nullopt;
}

std::optional<std::string> explain_pickle(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != '\x80' || bytes[1] > 5) return std::nullopt;
  return "this is a bare pickle, not an archive of torch.save; load it with the program that made it and torch.save the model";
}

/// 8 bytes length of a JSON header, then the header.
std::optional<std::string> explain_safetensors(std::string_view bytes) {
  std::uint64_t header = 0;
  if (bytes.size() < 10 || bytes[8] != '{') return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header > bytes.size() - 8) return std::nullopt;
  return "this is a safetensors file: tensors without the model's structure; name the .pt checkpoint it was made from";
}

std::optional<std::string> explain_onnx(std::string_view bytes) {
  if (kind_of_file(bytes) != FileKind::onnx) return std::nullopt;
  return "this seems to be an ONNX model, not a PyTorch checkpoint; name the .pt file it was exported from";
}

std::optional<std::string> explain_data_set(std::string_view bytes) {
  const auto kind = kind_of_file(bytes);
  if (kind != FileKind::data_yaml && kind != FileKind::coco) return std::nullopt;
  return fmt::format("this is {}, not a PyTorch checkpoint; name the .pt file first, and this behind --annotations", name_of(*kind));
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

/// Pages, error messages and pointers that were saved under the checkpoint's name.
std::optional<std::string> explain_text(std::string_view bytes) {
  if (auto answer = explain_wrong_download(bytes, "the model")) return answer;
  std::string_view sample = bytes.substr(0, kTextSample);
  if (sample.starts_with("\xef\xbb\xbf")) sample.remove_prefix(3);
  sample.remove_prefix(std::min(sample.find_first_not_of(" \t\r\n"), sample.size()));
  const bool is_printable = std::all_of(sample.begin(), sample.end(),
                                        [](unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t'; });
  if (sample.empty() || !is_printable) return std::nullopt;
  return fmt::format("this is a text that begins {}, not a PyTorch checkpoint; {}", in_quotes(first_line(sample)), kDownloadAgain);
}

std::string explain_unknown(std::string_view bytes) {
  const bool is_blank = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
  if (is_blank) return fmt::format("all {} bytes are zero; {}", bytes.size(), kDownloadAgain);
  std::string start;
  for (const char c : bytes.substr(0, 8)) start += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  return fmt::format("this is no zip archive of torch.save (it starts with{}, not with 50 4b 03 04); {}", start, kNamePt);
}

}  // namespace

std::string explain_foreign_file(std::string_view bytes) {
  if (bytes.empty()) return fmt::format("the file is empty; {}", kDownloadAgain);
  for (const auto explain : {explain_signature, explain_pickle, explain_safetensors, explain_onnx, explain_data_set, explain_text})
    if (auto answer = explain(bytes)) return *answer;
  return explain_unknown(bytes);
}

}  // namespace nibble
