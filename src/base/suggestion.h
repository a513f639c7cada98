// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?"
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace nibble {

/// How many letters must be inserted, removed, replaced or exchanged with their neighbour to make `b` of `a` (optimal string alignment:
/// Damerau's distance in which no part is edited twice). Case counts.
std::size_t edit_distance(const std::string& a, const std::string& b);

/// "; did you mean 'eval'?" with the known word nearest to `word`, the first of equally near ones; empty where none is within a third of
/// its letters (at least one).
std::string suggestion_for(const std::string& word, const std::vector<std::string>& known);

/// The same for a path where nothing is, among what lies in its folder: a name without its extension means the first file, in the order of
/// names, that has one. Empty where the folder cannot be read.
std::string suggestion_for_path(const std::filesystem::path& path);

}  // namespace nibble
