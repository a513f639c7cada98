// SPDX-License-Identifier: Apache-2.0
// --max-size, --max-drop: how many bits a network may have, said by what they cost.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "nibble/options.h"

namespace nibble {

constexpr const char* kMaxSize = "--max-size";
constexpr const char* kMaxDrop = "--max-drop";

void add_budget_options(CLI::App& command, BudgetOptions& options);
/// --judge, --judge-images.
void add_judge_options(CLI::App& command, JudgeOptions& options);

}  // namespace nibble
