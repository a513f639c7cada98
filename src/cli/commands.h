// SPDX-License-Identifier: Apache-2.0
// Each function declares commands and, when one is given on the command line, sets `chosen`.
#pragma once
#include "cli/shared_options.h"

namespace nibble {

/// run, doctor; `argv` goes into the manifest.
void add_run_commands(CLI::App& app, Action& chosen, const std::vector<std::string>& argv);
void add_model_commands(CLI::App& app, Action& chosen);  ///< inspect, export, quantize, clean
void add_score_commands(CLI::App& app, Action& chosen);  ///< eval, score, profile
void add_train_commands(CLI::App& app, Action& chosen);  ///< qat
void add_proof_commands(CLI::App& app, Action& chosen);  ///< verify, replay
void add_compare_command(CLI::App& app, Action& chosen);
void add_predict_command(CLI::App& app, Action& chosen);

}  // namespace nibble
