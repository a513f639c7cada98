// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/json.h"

namespace nibble {

/// Fills a mustache template: {{name}} escaped for HTML, {{{name}}} as it is, {{#name}} ... {{/name}} for lists, objects and
/// booleans. Values are text, booleans, lists and objects: how a number looks is decided before. Error(internal) on another
/// type, or a template that is not one.
std::string render_template(const std::string& text, const Json& values);

}  // namespace nibble
