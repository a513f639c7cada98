// SPDX-License-Identifier: Apache-2.0
// What the command line prints: the results of the public functions as text for a terminal, and as JSON where --json prints it. Every text
// ends with a line break.
#pragma once
#include <string>
#include <vector>

#include "nibble/nibble.h"

namespace nibble {

/// The summary of the run and where it lies.
std::string text_of(const RunResult& result);
/// One line.
std::string text_of(const ExportResult& result);
/// Quantised, float and skipped layers, the budget, each file with its size or what is wrong with it, the twins, the training. Empty for a
/// process that wrote nothing.
std::string text_of(const QuantizeResult& result);
/// Before and after side by side, what was done, and whether the outputs were compared.
std::string text_of(const CleanResult& result);
std::string text_of(const InspectResult& result);
/// A row for each kind of node without a kernel, with the first few nodes.
std::string text_of(const TargetInspection& inspection);
/// The COCO numbers, and times where they were measured.
std::string text_of(const ClassificationMetrics& metrics);
std::string text_of(const KeypointMetrics& metrics);
std::string text_of(const OrientedMetrics& metrics);
std::string text_of(const EvalResult& result);
/// The COCO numbers, and how ids were read.
std::string text_of(const ScoreResult& result);
/// The twelve COCO numbers as a small aligned table.
std::string text_of(const CocoMetrics& metrics);
/// One line for each image as Ultralytics writes it ("image 1/2 bus.jpg: 640x640 4 persons, 1 bus"; of classifiers "dog 0.92, cat 0.05"),
/// then the totals and where they lie.
std::string text_of(const PredictResult& result);
std::string text_of(const ProfileResult& result);
/// A table of the recipes with their costs, then what each is for.
std::string text_of(const RecipeList& list);
/// `all_layers`: every layer instead of the worst ones.
std::string text_of(const Comparison& comparison, bool all_layers);
/// Tables and a recommendation.
std::string text_of(const CalibrationCheck& check);
std::string text_of(const Diagnosis& diagnosis);
/// How many claims hold, then each that was not checked or does not hold.
std::string text_of(const VerifyResult& result);
/// Files and scores that are others, and what was not the same.
std::string text_of(const ReplayResult& result);
/// The version of nibble and of each library, one line each; a missing one says so.
std::string text_of(const std::vector<LibraryState>& libraries);

std::string json_text_of(const CleanResult& result);
std::string json_text_of(const InspectResult& result);
std::string json_text_of(const RecipeList& list);
std::string json_text_of(const TargetInspection& inspection);

}  // namespace nibble
