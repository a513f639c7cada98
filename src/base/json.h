// SPDX-License-Identifier: Apache-2.0
// JSON and YAML access whose errors name the file and the place in it (byte; line and column).
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace nibble {

using Json = nlohmann::ordered_json;

/// A text that anybody may have written; `place` says in errors where it stands. Error(input) with place, byte offset and reason on
/// malformed JSON, and on what is nested more than 100 levels deep.
Json parse_json(std::string_view text, const std::string& place);
/// The same of a file.
Json read_json(const std::filesystem::path& path);
/// Why a text is no JSON, of the words of an exception of nlohmann's.
std::string json_reason(const std::string& words);
/// YAML as JSON: mappings, sequences, and scalars typed after YAML 1.2's core schema. Error(input) with file and line.
Json read_yaml(const std::filesystem::path& path);
/// Pretty, two spaces, trailing newline; written then renamed.
void write_json(const std::filesystem::path& path, const Json& value);
/// The same by write_file_durably.
void write_json_durably(const std::filesystem::path& path, const Json& value);

/// SHA-256 of a value's text in lower-case hexadecimal: the key under which what was made from that value is found again.
std::string key_of(const Json& value);

}  // namespace nibble
