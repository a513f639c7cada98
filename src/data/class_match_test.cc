// SPDX-License-Identifier: Apache-2.0
#include "data/class_match.h"

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

const std::map<std::int64_t, std::string> kNames = {{0, "person"}, {1, "traffic light"}, {2, "dog"}};

CocoDataset with(std::vector<CocoCategory> categories, const std::vector<std::int64_t>& annotated) {
  CocoDataset dataset;
  dataset.source = "instances.json";
  dataset.categories = std::move(categories);
  for (const auto id : annotated) {
    CocoAnnotation annotation;
    annotation.category_id = id;
    dataset.annotations.push_back(annotation);
  }
  return dataset;
}

std::vector<std::int64_t> ids_of(const CocoDataset& dataset) {
  std::vector<std::int64_t> ids;
  for (const auto& category : dataset.categories) ids.push_back(category.id);
  return ids;
}

using Ids = std::vector<std::int64_t>;

TEST(ClassMatch, EqualListsAndNamelessDetectorsGoOneByOne) {
  const auto dataset = with({{1, "person"}, {5, "traffic light"}, {9, "dog"}}, {1, 9});
  EXPECT_EQ(ids_of(with_classes_of(dataset, kNames)), (Ids{1, 5, 9}));
  EXPECT_EQ(ids_of(with_classes_of(dataset, {})), (Ids{1, 5, 9}));
}

TEST(ClassMatch, NumbersForNamesAreNoNames) {
  EXPECT_TRUE(are_only_numbers({{0, "0"}, {1, "1"}}));
  EXPECT_FALSE(are_only_numbers({{0, "0"}, {1, "one"}}));
  EXPECT_FALSE(are_only_numbers({{0, "1"}, {1, "0"}})) << "somebody chose these";
  EXPECT_FALSE(are_only_numbers({}));
  const auto dataset = with({{1, "person"}, {5, "dog"}}, {5});
  EXPECT_EQ(ids_of(with_classes_of(dataset, {{0, "0"}, {1, "1"}})), (Ids{1, 5}));
}

TEST(ClassMatch, NamesDecideWhereTheOrderIsAnother) {
  EXPECT_EQ(ids_of(with_classes_of(with({{1, "Dog"}, {2, "person"}, {3, "traffic_light"}}, {1}), kNames)), (Ids{2, 3, 1}));
}

TEST(ClassMatch, AParentWithoutAnnotationsIsNoClass) {
  EXPECT_EQ(ids_of(with_classes_of(with({{0, "things"}, {1, "person"}, {2, "traffic light"}, {3, "dog"}}, {3}), kNames)), (Ids{1, 2, 3}));
  EXPECT_EQ(ids_of(with_classes_of(with({{0, "dog"}, {1, "person"}, {2, "traffic light"}, {3, "dog"}}, {3}), kNames)), (Ids{1, 2, 3}))
      << "a parent of the same name";
}

TEST(ClassMatch, ClassesTheDataDoesNotHaveGetNewIds) {
  EXPECT_EQ(ids_of(with_classes_of(with({{7, "dog"}}, {7}), kNames)), (Ids{8, 9, 7}));
}

TEST(ClassMatch, OtherNamesOfTheSameNumberGoOneByOne) {
  EXPECT_EQ(ids_of(with_classes_of(with({{1, "Mensch"}, {2, "Ampel"}, {3, "Hund"}}, {1, 2, 3}), kNames)), (Ids{1, 2, 3}));
}

TEST(ClassMatch, AnAnnotatedCategoryThatIsNoClassIsNamed) {
  expect_error(ErrorKind::input, {"classes do not match", "knows 3 classes", "2 categories", "'drone'"}, [] {
    with_classes_of(with({{1, "person"}, {2, "drone"}}, {1, 2}), kNames);
  });
}

}  // namespace
}  // namespace nibble
