// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "base/files.h"
#include "nibble/error.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

const fs::path kSource = NIBBLE_SOURCE_DIR;

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  return type == "number" && value.is_number();
}

/// The words of JSON schema that recipes need, by the specification (json-schema.org/draft/2020-12), and a failure for any other word.
bool is_valid(const Json& value, const Json& schema) {
  static const std::vector<std::string> remarks = {"$schema", "title", "description", "default", "deprecated"};
  for (const auto& [word, rule] : schema.items()) {
    if (std::find(remarks.begin(), remarks.end(), word) != remarks.end()) continue;
    bool holds = false;
    if (word == "type") {
      holds = has_type(value, rule.get<std::string>());
    } else if (word == "enum") {
      holds = std::find(rule.begin(), rule.end(), value) != rule.end();
    } else if (word == "minimum") {
      holds = !value.is_number() || value.get<double>() >= rule.get<double>();
    } else if (word == "maximum") {
      holds = !value.is_number() || value.get<double>() <= rule.get<double>();
    } else if (word == "minLength") {
      holds = !value.is_string() || value.get<std::string>().size() >= rule.get<std::size_t>();
    } else if (word == "pattern") {
      holds = !value.is_string() || std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    } else if (word == "required") {
      holds = std::all_of(rule.begin(), rule.end(), [&](const auto& key) { return value.contains(key.template get<std::string>()); });
    } else if (word == "items") {
      holds =
          !value.is_array() || std::all_of(value.begin(), value.end(), [&rule = rule](const auto& item) { return is_valid(item, rule); });
    } else if (word == "properties") {
      const auto fits = [&rule = rule](const auto& item) { return !rule.contains(item.key()) || is_valid(item.value(), rule[item.key()]); };
      const auto items = value.items();
      holds = !value.is_object() || std::all_of(items.begin(), items.end(), fits);
    } else if (word == "additionalProperties") {
      EXPECT_EQ(rule, false);
      const auto items = value.items();
      holds = !value.is_object() ||
              std::all_of(items.begin(), items.end(), [&](const auto& item) { return schema["properties"].contains(item.key()); });
    } else {
      ADD_FAILURE() << word;
    }
    if (!holds) return false;
  }
  return true;
}

bool is_read(const Json& json) {
  try {
    parse_recipe(json, "test");
    return true;
  } catch (const Error&) {
    return false;
  }
}

void collect_keys(const Json& schema, const std::string& path, std::vector<std::string>& keys) {
  if (schema.contains("items")) return collect_keys(schema["items"], path, keys);
  if (!schema.contains("properties")) return keys.push_back(path);
  for (const auto& [key, inner] : schema["properties"].items()) collect_keys(inner, path.empty() ? key : path + "." + key, keys);
}

TEST(RecipeSchema, TakesEveryShippedRecipe) {
  const auto schema = recipe_schema_json();
  int recipes = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "recipes")) {
    if (entry.path().extension() != ".yaml") continue;
    EXPECT_TRUE(is_valid(read_yaml(entry.path()), schema)) << entry.path();
    EXPECT_TRUE(is_valid(to_json(load_recipe(entry.path().string())), schema)) << entry.path() << ", with every default written out";
    ++recipes;
  }
  EXPECT_GE(recipes, 11);
}

/// Schema and reader agree on each value, taken or refused.
TEST(RecipeSchema, TakesWhatTheReaderTakes) {
  const auto schema = recipe_schema_json();
  const auto agree = [&](const std::string& text, bool taken) {
    const auto json = Json::parse(text);
    EXPECT_EQ(is_valid(json, schema), taken) << text;
    EXPECT_EQ(is_read(json), taken) << text;
  };
  agree(R"({"name": "x"})", true);
  agree(R"({})", false);
  agree(R"([])", false);
  agree(R"({"name": "Mine"})", false);
  agree(R"({"name": ".x"})", false);
  agree(R"({"name": "-x.1_"})", true);
  agree(R"({"name": ""})", false);
  agree(R"({"name": "x", "extra": 1})", false);
  agree(R"({"name": "x", "weights": {"bits": 2}})", true);
  agree(R"({"name": "x", "weights": {"bits": 1}})", false);
  agree(R"({"name": "x", "weights": {"bits": "4"}})", false);
  agree(R"({"name": "x", "weights": {"bit": 4}})", false);
  agree(R"({"name": "x", "weights": {"block": 16}})", true);
  agree(R"({"name": "x", "weights": {"block": 8}})", false);
  agree(R"({"name": "x", "weights": {"granularity": "row"}})", false);
  agree(R"({"name": "x", "weights": {"damping": 0}})", false);
  agree(R"({"name": "x", "weights": {"narrow": 1}})", false);
  agree(R"({"name": "x", "activations": {"bits": 8, "range": "percentile", "percentile": 99.9}})", true);
  agree(R"({"name": "x", "activations": {"bits": 4}})", false);
  agree(R"({"name": "x", "activations": {"percentile": 30}})", false);
  agree(R"({"name": "x", "rules": [{"match": "*", "weight_bits": 8, "activation_bits": 0}]})", true);
  agree(R"({"name": "x", "rules": [{"keep_float": true}]})", false);
  agree(R"({"name": "x", "rules": [{"match": "*", "activation_bits": 4}]})", false);
  agree(R"({"name": "x", "rules": {"match": "*"}})", false);
  agree(R"({"name": "x", "calibration": {"images": 0}})", false);
  agree(R"({"name": "x", "calibration": {"images": 7, "views": 2, "batch": 1}})", true);
  agree(R"({"name": "x", "mixed": {"max_bytes": 1500000}})", true);
  agree(R"({"name": "x", "mixed": {"max_bytes": "1.5MB"}})", false);
  agree(R"({"name": "x", "mixed": {"images": 0}})", false);
  agree(R"({"name": "x", "distillation": {"code_rate": 0.003, "teacher_forcing": 1.5}})", false);
  agree(R"({"name": "x", "target": "tensorrt"})", true);
  agree(R"({"name": "x", "target": "tpu"})", false);
  agree(R"({"name": "x", "half_twin": false})", true);
  agree(R"({"name": "x", "gates": {"max_map_drop": 1.5}})", false);
}

TEST(RecipeSchema, HasEveryKeyWithItsDefaultAndItsMeaning) {
  const auto schema = recipe_schema_json();
  std::vector<std::string> keys, written;
  collect_keys(schema, "", keys);
  const Json resolved = to_json(Recipe{});
  for (const auto& [key, value] : resolved.items()) {
    const auto& inner = schema["properties"][key];
    if (!value.is_object()) continue;
    for (const auto& [name, setting] : value.items()) {
      const auto& field = inner["properties"].at(name);
      EXPECT_THAT(keys, testing::Contains(key + "." + name));
      EXPECT_FALSE(field.value("description", "").empty()) << key << "." << name;
      if (field.contains("default")) {
        EXPECT_EQ(field["default"], setting) << key << "." << name;
      }
    }
  }
  EXPECT_EQ(schema["properties"]["weights"]["properties"]["bits"],
            Json({{"description", "bits of a weight's code"}, {"type", "integer"}, {"minimum", 2}, {"maximum", 8}, {"default", 4}}));
  EXPECT_EQ(schema["properties"]["half_twin"]["deprecated"], true);
  EXPECT_EQ(schema["required"], Json({"name"}));
}

TEST(RecipeSchema, HasNoKeyThatTheReferenceLacks) {
  std::vector<std::string> keys;
  collect_keys(recipe_schema_json(), "", keys);
  const auto reference = read_file(kSource / "docs/recipes.md");
  for (const auto& key : keys)
    if (key != "half_twin") {
      EXPECT_THAT(reference, testing::HasSubstr("\n| `" + key + "` |"));
    }
  EXPECT_EQ(keys.size(), 46U);
}

}  // namespace
}  // namespace nibble
