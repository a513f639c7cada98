// SPDX-License-Identifier: Apache-2.0
#include "data/training_loader.h"

#include <algorithm>
#include <set>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using testing::ElementsAre;

const fs::path kPictures = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox";

class TrainingLoaderFiles : public test::Scratch {};

/// 23 images, of few files; image i has i % 3 boxes of class i.
TrainingSet pictures(std::int64_t count = 23) {
  const std::vector<std::string> names = {"wide.png", "tall.png", "small.png", "square.png", "plain.jpg"};
  TrainingSet set;
  for (std::int64_t i = 0; i < count; ++i) {
    set.images.push_back({kPictures / names[static_cast<std::size_t>(i) % names.size()], {}, {}});
    for (std::int64_t k = 0; k < i % 3; ++k) set.images.back().boxes.push_back({i, {2.0 + static_cast<double>(k), 1, 18, 19}});
  }
  return set;
}

LoaderOptions small(int threads = 1) {
  LoaderOptions options;
  options.image_size = 32;
  options.batch = 4;
  options.threads = threads;
  options.seed = 11;
  return options;
}

std::vector<TrainingBatch> rest_of_epoch(TrainingLoader& loader) {
  std::vector<TrainingBatch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

void expect_same(const std::vector<TrainingBatch>& a, const std::vector<TrainingBatch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].samples, b[i].samples) << i;
    EXPECT_TRUE(identical(a[i].images, b[i].images)) << i;
    EXPECT_TRUE(identical(a[i].image_of, b[i].image_of)) << i;
    EXPECT_TRUE(identical(a[i].labels, b[i].labels)) << i;
    EXPECT_TRUE(identical(a[i].boxes_px, b[i].boxes_px)) << i;
  }
}

TEST(TrainingLoader, AnEpochHasEveryImageOnce) {
  TrainingLoader loader(pictures(), small());
  EXPECT_FALSE(loader.next()) << "no epoch yet";
  EXPECT_EQ(loader.batches_per_epoch(), 6);
  loader.start_epoch(0);
  const auto batches = rest_of_epoch(loader);
  ASSERT_EQ(batches.size(), 6U);
  EXPECT_EQ(batches[0].images.shape(), (Shape{4, 3, 32, 32}));
  EXPECT_EQ(batches[5].images.shape(), (Shape{3, 3, 32, 32}));
  std::set<std::int64_t> seen;
  for (const auto& batch : batches) seen.insert(batch.samples.begin(), batch.samples.end());
  EXPECT_EQ(seen.size(), 23U);
  EXPECT_FALSE(loader.next());
}

TEST(TrainingLoader, LabelsAreThoseOfTheirImages) {
  LoaderOptions options = small(2);
  options.augment = no_augmentation();
  options.shuffle = false;
  TrainingLoader loader(pictures(), options);
  loader.start_epoch(0);
  loader.next();
  const auto batch = loader.next();
  ASSERT_TRUE(batch);
  EXPECT_THAT(batch->samples, ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(batch->image_of.as<std::int64_t>(), ElementsAre(0, 1, 1, 3));
  EXPECT_THAT(batch->labels.as<std::int64_t>(), ElementsAre(4, 5, 5, 7));
  ASSERT_EQ(batch->boxes_px.shape(), (Shape{4, 4}));
  EXPECT_FLOAT_EQ(batch->boxes_px.as<float>()[0], 2.0F * 32 / 80) << "plain.jpg is 80 x 48";
  EXPECT_FLOAT_EQ(batch->boxes_px.as<float>()[1], 1.0F * 32 / 80 + 6);
}

TEST(TrainingLoader, BatchesDoNotDependOnThreads) {
  TrainingLoader one(pictures(), small(1));
  LoaderOptions many_options = small(5);
  many_options.batches_ahead = 4;
  TrainingLoader many(pictures(), many_options);
  for (const std::int64_t epoch : {0, 1, 7}) {
    one.start_epoch(epoch);
    many.start_epoch(epoch);
    expect_same(rest_of_epoch(one), rest_of_epoch(many));
  }
}

TEST(TrainingLoader, SharesMakeUpTheWholeBatch) {
  const auto batches_of = [](int share, int shares) {
    LoaderOptions options = small(2);
    options.share = share;
    options.shares = shares;
    TrainingLoader loader(pictures(21), options);  // the last batch has one image, for the first share
    EXPECT_EQ(loader.batches_per_epoch(), 6);
    loader.start_epoch(3, 1);
    return rest_of_epoch(loader);
  };
  const auto whole = batches_of(0, 1);
  for (const int shares : {2, 4}) {
    std::vector<std::vector<TrainingBatch>> parts;
    for (int share = 0; share < shares; ++share) parts.push_back(batches_of(share, shares));
    for (std::size_t b = 0; b < whole.size(); ++b) {
      const auto bytes = whole[b].images.bytes();
      const std::size_t image_bytes = bytes.size() / whole[b].samples.size();
      for (std::size_t i = 0; i < whole[b].samples.size(); ++i) {
        const auto& part = parts[i % static_cast<std::size_t>(shares)].at(b);
        const std::size_t at = i / static_cast<std::size_t>(shares);
        EXPECT_EQ(part.samples.at(at), whole[b].samples[i]);
        EXPECT_TRUE(
            std::ranges::equal(part.images.bytes().subspan(at * image_bytes, image_bytes), bytes.subspan(i * image_bytes, image_bytes)))
            << "augmented as in the whole";
      }
    }
    EXPECT_EQ(parts.back().size(), whole.size());
    EXPECT_EQ(parts.back().back().images.shape(), (Shape{0, 3, 32, 32})) << "nothing left for the last share";
  }
}

TEST(TrainingLoader, EpochsAndSeedsDiffer) {
  const auto first_image = [](std::uint64_t seed, std::int64_t epoch) {
    LoaderOptions options = small();
    options.seed = seed;
    TrainingLoader loader(pictures(), options);
    loader.start_epoch(epoch);
    return loader.next()->images;
  };
  EXPECT_TRUE(identical(first_image(1, 0), first_image(1, 0)));
  EXPECT_FALSE(identical(first_image(1, 0), first_image(1, 1)));
  EXPECT_FALSE(identical(first_image(1, 0), first_image(2, 0)));
}

TEST(TrainingLoader, GoesOnInTheMiddleOfAnEpoch) {
  TrainingLoader loader(pictures(), small(3));
  loader.start_epoch(4);
  auto whole = rest_of_epoch(loader);
  loader.start_epoch(9);
  loader.next();  // what is ahead is dropped
  loader.start_epoch(4, 3);
  whole.erase(whole.begin(), whole.begin() + 3);
  expect_same(rest_of_epoch(loader), whole);
  loader.start_epoch(4, 6);
  EXPECT_FALSE(loader.next());
  expect_error(ErrorKind::internal, {"batch 7 of 6"}, [&] { loader.start_epoch(4, 7); });
}

TEST(TrainingLoader, AnotherAugmentationFromTheNextEpochOn) {
  TrainingLoader loader(pictures(), small(2));
  loader.start_epoch(0);
  const auto augmented = rest_of_epoch(loader);
  loader.set_augmentation(no_augmentation());
  loader.start_epoch(0);
  const auto plain = rest_of_epoch(loader);
  EXPECT_EQ(augmented[0].samples, plain[0].samples);
  EXPECT_FALSE(identical(augmented[0].images, plain[0].images));
  EXPECT_EQ(plain[0].images.as<std::uint8_t>()[0] == 114 || plain[1].images.as<std::uint8_t>()[0] == 114, true) << "letterboxed";
}

TEST_F(TrainingLoaderFiles, ADamagedImageIsAnErrorInPlaceOfItsBatch) {
  const std::string jpeg = read_file(kPictures / "plain.jpg");
  TrainingSet set = pictures(12);
  set.images[7].file = file("later.jpg", jpeg.substr(0, 400));
  set.images[6].file = file("cut.jpg", jpeg.substr(0, 500));
  LoaderOptions options = small(4);
  options.augment = no_augmentation();
  options.shuffle = false;
  for (int round = 0; round < 5; ++round) {
    TrainingLoader loader(set, options);
    loader.start_epoch(0);
    EXPECT_TRUE(loader.next());
    expect_error(ErrorKind::input, {"cut.jpg"}, [&] { loader.next(); });
    expect_error(ErrorKind::input, {"cut.jpg"}, [&] { loader.next(); });
  }
}

TEST(TrainingLoader, UnlabelledImagesHaveNoObjects) {
  TrainingLoader loader(unlabelled_set({kPictures / "wide.png", kPictures / "tall.png"}), small());
  loader.start_epoch(0);
  const auto batch = loader.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->boxes_px.shape(), (Shape{0, 4}));
  EXPECT_EQ(batch->labels.shape(), (Shape{0}));
}

TEST(TrainingLoader, StopsWithWorkAhead) {
  for (int round = 0; round < 10; ++round) {
    TrainingLoader loader(pictures(), small(3));
    loader.start_epoch(0);
    if (round % 2 == 0) {
      EXPECT_TRUE(loader.next());
    }
  }
}

TEST(TrainingLoader, RefusesOptionsThatMakeNoSense) {
  const auto with = [](auto change) {
    LoaderOptions options = small();
    change(options);
    TrainingLoader loader(pictures(), options);
  };
  expect_error(ErrorKind::usage, {"image size: 0"}, [&] { with([](auto& o) { o.image_size = 0; }); });
  expect_error(ErrorKind::usage, {"batch: -1"}, [&] { with([](auto& o) { o.batch = -1; }); });
  expect_error(ErrorKind::usage, {"threads: 0"}, [&] { with([](auto& o) { o.threads = 0; }); });
  expect_error(ErrorKind::usage, {"batches ahead: 0"}, [&] { with([](auto& o) { o.batches_ahead = 0; }); });
  expect_error(ErrorKind::usage, {"4 images", "3 processes", "multiple of 3"}, [&] { with([](auto& o) { o.shares = 3; }); });
  expect_error(ErrorKind::usage, {"share 2 of 2"}, [&] { with([](auto& o) { o.shares = o.share = 2; }); });
  expect_error(ErrorKind::usage, {"flip: 7"}, [&] { with([](auto& o) { o.augment.flip = 7; }); });
}

}  // namespace
}  // namespace nibble
