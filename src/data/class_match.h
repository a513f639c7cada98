// SPDX-License-Identifier: Apache-2.0
// Which category of a data set is which class of a detector.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "data/coco.h"

namespace nibble {

/// The data set with the detector's classes as its categories: categories[k] is class k. They are matched
/// - one by one, where the lists are equal or the detector has no names;
/// - by name (case, '_' and '-' do not count), where every category that has an annotation is a class: COCO files with other ids, with
///   some of the classes only, or with a parent category that nothing is annotated with. A class the data set does not have gets an id
///   that no category had;
/// - one by one again, where the numbers are equal and the names are not.
/// What was done is said in the log, unless `quietly`. Error(input) naming a category that is no class, where the numbers differ too.
CocoDataset with_classes_of(const CocoDataset& dataset, const std::map<std::int64_t, std::string>& names, bool quietly = false);

/// True where each class is called by its own number ("0", "1", ...), as in checkpoints that were saved without names. A data set then
/// knows better what the classes are called. False for no classes.
bool are_only_numbers(const std::map<std::int64_t, std::string>& names);

}  // namespace nibble
