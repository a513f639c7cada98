// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "nibble/report.h"

namespace nibble {

/// Gates as JUnit XML, as CI systems read it (the Jenkins JUnit schema): one test case for each gate, `classname` "nibble.<gate>", `name`
/// the subject. A gate without enough evidence is skipped, or, with `strict`, failed. What XML 1.0 cannot hold is replaced by '?'.
std::string junit_document(const Report& report, bool strict);

}  // namespace nibble
