// SPDX-License-Identifier: Apache-2.0
#include "report/html/render.h"

#include <fmt/format.h>

#include <kainjow/mustache.hpp>

#include "nibble/error.h"

namespace nibble {
namespace {
namespace mustache = kainjow::mustache;

mustache::data data_of(const Json& value) {
  if (value.is_string()) return mustache::data(value.get<std::string>());
  if (value.is_boolean()) return mustache::data(value.get<bool>());
  if (value.is_array()) {
    mustache::data list(mustache::data::type::list);
    for (const auto& item : value) list.push_back(data_of(item));
    return list;
  }
  if (value.is_object()) {
    mustache::data object(mustache::data::type::object);
    for (const auto& [key, item] : value.items()) object.set(key, data_of(item));
    return object;
  }
  throw Error(ErrorKind::internal,
              fmt::format("render: a {} in the values; expected text, a boolean, a list or an object", value.type_name()));
}

}  // namespace

std::string render_template(const std::string& text, const Json& values) {
  mustache::mustache page(text);
  if (!page.is_valid()) throw Error(ErrorKind::internal, "render: bad template: " + page.error_message());
  return page.render(data_of(values));
}

}  // namespace nibble
