// SPDX-License-Identifier: Apache-2.0
#include "commands/quantize_result.h"

#include <utility>

#include "calibration/layers_document.h"
#include "report/agreement_text.h"
#include "report/budget_text.h"

namespace nibble {

QuantizeResult quantize_result(const VariantJob& job, Variant variant) {
  const Json& document = variant.numbers.layers;
  QuantizeResult result;
  result.task = job.calibration.baseline.info.task;
  result.image_size = job.calibration.baseline.info.image_size;
  result.layers = layer_reports_from_json(document);
  if (document.contains("budget")) result.budget = budget_report_from_json(document.at("budget"));
  if (document.contains("agreement")) result.agreement = float_agreement_from_json(document.at("agreement"));
  result.recipe = std::move(variant.numbers.report);
  result.files = std::move(variant.checks.files);
  result.twins = std::move(variant.checks.twins);
  result.layers_file = job.layers;
  return result;
}

}  // namespace nibble
