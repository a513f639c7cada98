// SPDX-License-Identifier: Apache-2.0
// Parts of report.html as values for its template: everything already text.
#pragma once
#include <map>
#include <string>

#include "base/json.h"
#include "nibble/report.h"
#include "report/html/report_html.h"
#include "report/training_curve.h"

namespace nibble {

/// One entry per recipe: {name, heading, chart, worst: [{rank, layer, found}], front: {chart, text}, float_layers, skipped_layers,
/// rows: [...]}; front is false without mixed bits. `layers`: layers.json by recipe; a recipe without one has lists only.
Json layer_sections(const Report& report, const std::map<std::string, PlacedJson>& layers);

/// {variants: [name], rows: [{name, instances, baseline, cells: [{ap, change}]}], left_out}: classes with objects in the
/// scored images, greatest loss first; false without a scored baseline. `metrics`: metrics.json by artifact name.
Json class_table(const Report& report, const std::map<std::string, PlacedJson>& metrics);

/// One entry per artifact with a comparison: {name, sentence, costs, rows: [{name, cells}], layers, divergence, drops, advice}; charts
/// are false where nothing was measured. `comparisons`: compare.json by artifact name.
Json blame_sections(const Report& report, const std::map<std::string, PlacedJson>& comparisons);

/// One entry per file that was looked at: {name, time_ratio, nodes, operators, levels: [{where, found, state}], steps, problem}.
Json runtime_table(const Report& report);

/// One entry per pair: {artifact, reference, compared, state, result, outputs}.
Json twin_table(const Report& report);

/// One entry per training: {text, scores, losses: [{name, chart}], curve_link, curve}; scores is false without any. `curves`: by recipe.
Json training_sections(const Report& report, const std::map<std::string, TrainingCurve>& curves);

/// One entry per artifact with pictures: {name, pictures: [{source, alt, kind, caption, link}], left_out}. `source` is a data URI; all of
/// them together have at most `budget` bytes, the first pictures of every artifact before the second ones. left_out is false, or a
/// sentence.
Json picture_sections(const Report& report, const std::map<std::string, std::vector<HtmlPicture>>& pictures, std::size_t budget);

/// {scatter, points: [{rank, name, text}], spread, curves: [{name, chart}]}: accuracy against size of what has a score, times of single
/// runs, precision against recall; each false where nothing was measured. `precision`: curves.json by artifact name.
Json distribution_charts(const Report& report, const std::map<std::string, PlacedJson>& precision);

/// {columns, rows: [{name, cells: [{size, map, change}]}]}: mAP 50-95 of small, medium and large objects, and the change against the
/// baseline; false without a scored baseline. `metrics`: metrics.json by artifact name.
Json size_table(const Report& report, const std::map<std::string, PlacedJson>& metrics);

/// [{name, chart}]: of each scored quantised file the classes that changed most; empty without a scored baseline.
Json class_changes(const Report& report, const std::map<std::string, PlacedJson>& metrics);

/// {has, recommendations: [{purpose, artifact, link, reason}], losses: [{artifact, sentence}]}; artifact is false where no file is
/// recommended.
Json verdict_values(const Report& report);
/// {rows: [{name, metric, value, interval, change, change_interval}], note}; false where no resamples were drawn.
Json interval_table(const Report& report);

/// {map, size}: mAP of what was scored, size of every file. map is false when nothing was scored.
Json variant_charts(const Report& report);

}  // namespace nibble
