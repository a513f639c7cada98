// SPDX-License-Identifier: Apache-2.0
// How many documents a YAML text holds, as far as that matters.
#pragma once
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <optional>
#include <sstream>
#include <string>

namespace nibble {

/// Where the text goes on behind its first document: at a second one, or at something that belongs to none. yaml-cpp's LoadAll would
/// take such a rest for empty documents without end: of a text that begins with a comma as well. Throws YAML::Exception where the text is
/// none.
inline std::optional<YAML::Mark> second_yaml_document(const std::string& text) {
  class StartOnly : public YAML::EventHandler {
   public:
    YAML::Mark start;
    void OnDocumentStart(const YAML::Mark& mark) override { start = mark; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
  };
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  StartOnly handler;
  if (!parser.HandleNextDocument(handler) || !parser.HandleNextDocument(handler)) return std::nullopt;
  return handler.start;
}

}  // namespace nibble
