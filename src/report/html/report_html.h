// SPDX-License-Identifier: Apache-2.0
// report.html: a whole run on one page that needs nothing besides itself.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/placed_json.h"
#include "nibble/report.h"
#include "report/training_curve.h"

namespace nibble {

/// A picture of an image with the boxes of two models.
struct HtmlPicture {
  PlacedJson facts;  ///< its row of pictures.json
  std::string jpeg;  ///< the file's bytes
};

/// What the page shows besides the report. Whatever is missing is left out of the page.
struct HtmlInput {
  Report report;
  Json manifest = Json::object();                            ///< run.json
  Json machine = Json::object();                             ///< env/machine.json
  std::map<std::string, PlacedJson> layers;                  ///< layers.json, by recipe
  std::map<std::string, PlacedJson> metrics;                 ///< metrics.json, by artifact name
  std::map<std::string, PlacedJson> comparisons;             ///< compare.json, by artifact name
  std::map<std::string, TrainingCurve> curves;               ///< of trainings, by recipe
  std::map<std::string, std::vector<HtmlPicture>> pictures;  ///< by artifact name
  std::map<std::string, PlacedJson> precision;               ///< curves.json, by artifact name
  std::vector<std::string> files;                            ///< records to link to, relative to the run directory
};

/// Error(input) naming what one of these files lacks, or holds of another type.
std::string report_html(const HtmlInput& input);

}  // namespace nibble
