// SPDX-License-Identifier: Apache-2.0
#include "ckpt/checkpoint.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "ckpt/test_values.h"

namespace nibble::test {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor load_root(const Archive& archive, const Code& code) {
  const auto checkpoint = read_checkpoint(archive.bytes(code), "test.pt");
  return checkpoint.load(get<PickleTensor>(checkpoint.root()));
}

template <class T>
void expect_round_trip(const std::vector<T>& values) {
  Archive archive;
  const Tensor tensor = load_root(archive, archive.tensor<T>({static_cast<std::int64_t>(values.size())}, values));
  EXPECT_EQ(tensor.dtype(), dtype_of<T>());
  EXPECT_EQ(values_of<T>(tensor), values);
}

TEST(Checkpoint, LoadsEveryElementType) {
  expect_round_trip<float>({1.5F, -2});
  expect_round_trip<double>({1e300, -2});
  expect_round_trip<std::int64_t>({1LL << 40, -2});
  expect_round_trip<std::int32_t>({1 << 20, -2});
  expect_round_trip<std::int16_t>({300, -2});
  expect_round_trip<std::int8_t>({127, -128});
  expect_round_trip<std::uint8_t>({0, 255});
}

TEST(Checkpoint, LoadsHalf) {
  Archive archive;
  const Tensor tensor = load_root(archive, archive.tensor<Half>({2}, {to_half(0.5F), to_half(-3)}));
  EXPECT_EQ(tensor.dtype(), DType::f16);
  EXPECT_THAT(values_of<float>(tensor.to(DType::f32)), ElementsAre(0.5F, -3));
}

TEST(Checkpoint, WidensBfloat16) {
  Archive archive;
  const auto key = archive.add_storage<std::uint16_t>({0x3F80, 0xC0A0, 0x7F80});
  const auto checkpoint = read_checkpoint(archive.bytes(rebuild_tensor(storage("BFloat16Storage", key, 3), 0, {3}, {1})), "test.pt");
  EXPECT_EQ(describe(checkpoint.root()), "tensor bfloat16 [3]");
  const auto tensor = checkpoint.load(get<PickleTensor>(checkpoint.root()));
  EXPECT_THAT(values_of<float>(tensor), ElementsAre(1, -5, std::numeric_limits<float>::infinity()));
}

TEST(Checkpoint, NormalisesBooleans) {
  Archive archive;
  const auto key = archive.add_storage<std::uint8_t>({0, 1, 7});
  const Tensor tensor = load_root(archive, rebuild_tensor(storage("BoolStorage", key, 3), 0, {3}, {1}));
  EXPECT_EQ(tensor.dtype(), DType::boolean);
  EXPECT_THAT(tensor.bytes(), ElementsAre(std::byte{0}, std::byte{1}, std::byte{1}));
}

TEST(Checkpoint, LoadsAnyStride) {
  Archive archive;
  const auto key = archive.add_storage<float>({0, 1, 2, 3, 4, 5, 6, 7});
  const auto view = [&](std::int64_t offset, const Shape& shape, const Shape& strides) {
    return values_of<float>(load_root(archive, rebuild_tensor(storage("FloatStorage", key, 8), offset, shape, strides)));
  };
  EXPECT_THAT(view(0, {2, 4}, {4, 1}), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(view(0, {4, 2}, {1, 4}), ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
  EXPECT_THAT(view(1, {2, 2}, {4, 2}), ElementsAre(1, 3, 5, 7));
  EXPECT_THAT(view(2, {3, 2}, {0, 1}), ElementsAre(2, 3, 2, 3, 2, 3));
  EXPECT_THAT(view(5, {}, {}), ElementsAre(5));
  EXPECT_THAT(view(8, {0, 3}, {3, 1}), ElementsAre());
}

TEST(Checkpoint, SharedStoragesAreReadByEachView) {
  Archive archive;
  const auto key = archive.add_storage<float>({1, 2, 3, 4});
  const Code shared = put(7, storage("FloatStorage", key, 4));
  const auto checkpoint =
      read_checkpoint(archive.bytes(tuple({rebuild_tensor(shared, 0, {2}, {1}), rebuild_tensor(get(7), 2, {2}, {1})})), "t.pt");
  const auto& items = get<PickleList>(checkpoint.root()).items;
  EXPECT_THAT(values_of<float>(checkpoint.load(get<PickleTensor>(items[0]))), ElementsAre(1, 2));
  EXPECT_THAT(values_of<float>(checkpoint.load(get<PickleTensor>(items[1]))), ElementsAre(3, 4));
}

TEST(Checkpoint, ReadsParametersWithAndWithoutState) {
  Archive archive;
  const Code weight = archive.tensor<float>({1}, {8});
  const Code with_state = call("torch._utils", "_rebuild_parameter_with_state", {weight, boolean(true), ordered_dict({}), dict({})});
  const Code typed = call("torch._tensor", "_rebuild_from_type_v2",
                          {global("torch._utils", "_rebuild_tensor_v2"), global("torch", "Tensor"),
                           tuple({storage("FloatStorage", "0", 1), integer(0), integers({1}), integers({1})}), dict({})});
  for (const auto& code : {parameter(weight), with_state, typed}) EXPECT_THAT(values_of<float>(load_root(archive, code)), ElementsAre(8));
}

/// `ema` set and `model` None, optimiser, results, paths and NumPy numbers: what training leaves behind.
Code training_checkpoint(Archive& archive) {
  const Code weight = archive.tensor<Half>({2}, {to_half(1), to_half(2)});
  const Code ema =
      module("ultralytics.nn.tasks", "DetectionModel", {{"yaml", named_dict({{"nc", integer(80)}})}}, {{"weight", parameter(weight)}});
  const Code optimizer =
      named_dict({{"state", dict({{integer(0), named_dict({{"step", archive.tensor<float>({}, {3})}})}})}, {"param_groups", list({})}});
  const Code fitness =
      call("numpy.core.multiarray", "scalar", {global("numpy", "dtype"), call("_codecs", "encode", {text("x"), text("latin1")})});
  const Code arguments = named_dict({{"save_dir", call("pathlib", "PosixPath", {text("runs"), text("train")})}});
  return named_dict({{"epoch", integer(-1)},
                     {"best_fitness", fitness},
                     {"model", none()},
                     {"ema", ema},
                     {"updates", integer(7)},
                     {"optimizer", optimizer},
                     {"train_args", arguments},
                     {"date", text("2024-01-01")}});
}

TEST(Checkpoint, ReadsATrainingCheckpoint) {
  Archive archive("best");
  const auto checkpoint = read_checkpoint(archive.bytes(training_checkpoint(archive)), "best.pt");
  EXPECT_TRUE(attribute_of(checkpoint.root(), "model")->is_none());
  const auto ema = attribute_of(checkpoint.root(), "ema");
  EXPECT_EQ(describe(ema), "ultralytics.nn.tasks.DetectionModel");
  const auto weight = attribute_of(attribute_of(ema, "_parameters"), "weight");
  EXPECT_THAT(values_of<float>(checkpoint.load(get<PickleTensor>(weight)).to(DType::f32)), ElementsAre(1, 2));
  EXPECT_EQ(describe(attribute_of(attribute_of(checkpoint.root(), "train_args"), "save_dir")), "pathlib.PosixPath");
  EXPECT_THAT(checkpoint.globals(), ::testing::Contains("ultralytics.nn.tasks DetectionModel"));
  EXPECT_EQ(checkpoint.entries(), 5U);
}

TEST(Checkpoint, ReadsAFile) {
  const auto path = std::filesystem::temp_directory_path() / ("nibble-checkpoint-test-" + std::to_string(::getpid()) + ".pt");
  Archive archive;
  const std::string bytes = archive.bytes(integer(5));
  std::ofstream(path, std::ios::binary) << bytes;
  const auto checkpoint = read_checkpoint(path);
  std::filesystem::remove(path);  // it is in memory
  EXPECT_EQ(get<std::int64_t>(checkpoint.root()), 5);
  EXPECT_EQ(checkpoint.file_bytes(), bytes.size());
  EXPECT_EQ(checkpoint.path(), path);
  EXPECT_EQ(checkpoint.sha256(), sha256_of(std::as_bytes(std::span(bytes))));
}

/// A mapped file would end the process (SIGBUS) here.
TEST(Checkpoint, AFileThatIsTruncatedAfterItWasOpenedIsStillWhole) {
  const auto path = std::filesystem::temp_directory_path() / ("nibble-truncated-test-" + std::to_string(::getpid()) + ".pt");
  Archive archive;
  const std::vector<float> values(100'000, 1.5F);  // many pages
  const std::string bytes = archive.bytes(archive.tensor<float>({100'000}, values));
  std::ofstream(path, std::ios::binary) << bytes;
  const auto checkpoint = read_checkpoint(path);
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(values_of<float>(checkpoint.load(get<PickleTensor>(checkpoint.root()))), values);
  EXPECT_EQ(checkpoint.sha256(), sha256_of(std::as_bytes(std::span(bytes))));
  std::filesystem::remove(path);
}

TEST(Checkpoint, AFileThatIsTruncatedWhileItIsReadIsRefused) {
  const auto path = std::filesystem::temp_directory_path() / ("nibble-shrinking-test-" + std::to_string(::getpid()) + ".pt");
  Archive archive;
  const std::string bytes = archive.bytes(archive.tensor<float>({1'000'000}, std::vector<float>(1'000'000, 1)));
  std::ofstream(path, std::ios::binary) << bytes;
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) {
      std::filesystem::resize_file(path, 10);
      std::filesystem::resize_file(path, bytes.size());
    }
  });
  for (int i = 0; i < 200; ++i) {
    try {
      read_checkpoint(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    }
  }
  stop = true;
  other.join();
  std::filesystem::remove(path);
}

TEST(Checkpoint, RefusesMissingFilesAndFolders) {
  EXPECT_THAT(refusal_of([] { read_checkpoint("/nonexistent/x.pt"); }), HasSubstr("/nonexistent/x.pt: no such file"));
  EXPECT_THAT(refusal_of([] { read_checkpoint(std::filesystem::temp_directory_path()); }), HasSubstr("this is a folder"));
  EXPECT_THAT(refusal_of([] { read_checkpoint(std::filesystem::path("/dev/null")); }), HasSubstr("not a regular file"));
}

TEST(Checkpoint, RefusesLargerFilesThanTheLimit) {
  const std::filesystem::path self = "/proc/self/exe";
  EXPECT_THAT(refusal_of([&] { read_checkpoint(self, {.max_file_bytes = 10}); }), HasSubstr("bytes are more than the limit of 10"));
}

TEST(Checkpoint, RefusesBigEndian) {
  ZipBuilder builder;
  builder.add("m/data.pkl", whole_pickle(none()));
  builder.add("m/byteorder", "big");
  EXPECT_THAT(refusal_of_file(builder.bytes(), ErrorKind::unsupported), HasSubstr("entry 'm/byteorder' says 'big'"));
}

TEST(Checkpoint, RefusesArchivesThatAreNoCheckpoints) {
  ZipBuilder arrays;
  arrays.add("arr_0.npy", "x");
  EXPECT_THAT(refusal_of_file(arrays.bytes()),
              HasSubstr("this zip archive of 1 entries (the first is 'arr_0.npy') is not a PyTorch checkpoint"));
  ZipBuilder script;
  script.add("m/data.pkl", whole_pickle(none()));
  script.add("m/constants.pkl", whole_pickle(none()));
  EXPECT_THAT(refusal_of_file(script.bytes(), ErrorKind::unsupported), HasSubstr("TorchScript"));
  ZipBuilder twins;
  twins.add("a/data.pkl", whole_pickle(none()));
  twins.add("b/data.pkl", whole_pickle(none()));
  EXPECT_THAT(refusal_of_file(twins.bytes()), HasSubstr("two pickles"));
}

TEST(Checkpoint, RefusesUnknownStorageTypes) {
  Archive archive;
  const auto bytes = archive.bytes(storage("ComplexFloatStorage", "0", 1));
  EXPECT_THAT(
      refusal_of_file(bytes, ErrorKind::unsupported),
      HasSubstr("test.pt: entry 'tiny/data.pkl': byte 67, opcode BINPERSID: storages of type 'torch.ComplexFloatStorage' are not read"));
  for (const std::string type : {"QInt8Storage", "QUInt8Storage", "QInt32Storage"})
    EXPECT_THAT(
        refusal_of_file(Archive().bytes(storage(type, "0", 1)), ErrorKind::unsupported),
        HasSubstr("it holds quantised tensors ('torch." + type + "'), which keep no float weights; save the model as it was before"));
}

TEST(Checkpoint, RefusesMissingAndDamagedStorages) {
  Archive archive;
  const Code tensor = archive.tensor<float>({2}, {1, 2});
  std::string bytes = archive.bytes(tensor);
  const auto missing = read_checkpoint(Archive().bytes(tensor), "test.pt");
  EXPECT_THAT(refusal_of([&] { missing.load(get<PickleTensor>(missing.root())); }),
              HasSubstr("test.pt: there is no entry for the storage '0'"));
  bytes[bytes.find("\0\0\x80\x3F"s)] = 1;
  const auto damaged = read_checkpoint(bytes, "test.pt");
  EXPECT_THAT(refusal_of([&] { damaged.load(get<PickleTensor>(damaged.root())); }), HasSubstr("entry 'tiny/data/0' (8 bytes at byte"));
}

TEST(Checkpoint, TruncationTellsHowMuchIsMissing) {
  Archive archive;
  const Code first = archive.tensor<float>({2}, {1, 2});
  const Code second = archive.tensor<float>({1000}, std::vector<float>(1000, 7));
  const std::string whole = archive.bytes(tuple({first, second}));
  const std::string refusal = refusal_of_file(whole.substr(0, whole.find("tiny/data/1") + 500));
  EXPECT_THAT(refusal, HasSubstr("test.pt: the file is truncated: its"));
  EXPECT_THAT(refusal, HasSubstr("3 entries are complete, the last is 'tiny/data/0'"));
  EXPECT_THAT(refusal, HasSubstr("entry 'tiny/data/1' begins at byte"));
  EXPECT_THAT(refusal, HasSubstr("its tensors alone need 4008 bytes, so at least"));
}

TEST(Repacked, FoldersAndCompressionMayDiffer) {
  Archive archive;
  std::vector<float> values(5000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7);
  const std::string pickle = whole_pickle(archive.tensor<float>({5000}, values));
  for (const std::string folder : {"tiny/", "", "another name/", "a/b/c/"})
    for (const bool deflate : {false, true}) {
      const auto checkpoint = read_checkpoint(archive.packed(pickle, folder, deflate).bytes(), "test.pt");
      EXPECT_EQ(values_of<float>(checkpoint.load(get<PickleTensor>(checkpoint.root()))), values) << folder << deflate;
    }
}

TEST(Repacked, LyingAndDamagedEntriesAreRefused) {
  Archive archive;
  const std::string pickle = whole_pickle(archive.tensor<float>({5000}, std::vector<float>(5000, 1.0F)));
  const auto refusal_with = [&](const auto& lie) {
    auto builder = archive.packed(pickle, "t/", true);
    lie(builder.entries().at(2));
    const auto checkpoint = read_checkpoint(builder.bytes(), "test.pt");
    return refusal_of([&] { checkpoint.load(get<PickleTensor>(checkpoint.root())); });
  };
  EXPECT_THAT(refusal_with([](auto& entry) { entry.crc ^= 1; }), HasSubstr("entry 't/data/0'"));
  EXPECT_THAT(refusal_with([](auto& entry) { entry.stored_size -= 3; }), HasSubstr("does not unpack: it is cut off"));
  EXPECT_THAT(refusal_with([](auto& entry) { entry.size = 100; }), HasSubstr("entry 't/data/0' has 100 bytes"));
  auto bomb = archive.packed(pickle, "t/", true);
  bomb.entries().at(2).size = std::size_t{3} << 40;
  EXPECT_THAT(refusal_of_file(bomb.bytes(true, true)), HasSubstr("packed entries need more than 4294967296 bytes"));
  bomb.entries().at(0).size = std::size_t{100} << 20;
  bomb.entries().at(2).size = 20000;
  EXPECT_THAT(refusal_of_file(bomb.bytes()), HasSubstr("more bytes are announced than so few can hold"));
  auto short_one = archive.packed(pickle, "t/", true);
  short_one.entries().at(0).size -= 1;
  EXPECT_THAT(refusal_of_file(short_one.bytes()), HasSubstr("it holds more bytes than announced"));
}

TEST(Foreign, EachKindIsNamed) {
  const std::pair<std::string, const char*> files[] = {
      {"", "the file is empty"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS pointer"},
      {"\n <!DOCTYPE html><html>", "a web page (HTML)"},
      {"<HTML><body>", "a web page (HTML)"},
      {"<?xml version=\"1.0\"?><Error/>", "an XML text"},
      {"{\"message\": \"not found\"}", "a text that begins '{\"message\": \"not found\"}'"},
      {"path: dataset\ntrain: images/train\nval: images/val\n", "behind --annotations"},
      {"{\"info\": {\"year\": 2017}, \"images\": []}", "behind --annotations"},
      {"\x80\4N."s, "a bare pickle"},
      {u64(2) + "{}", "a safetensors file"},
      {"\x08\x08\x12\x07pytorch\x1a\x05"s, "an ONNX model"},
      {"\x1F\x8B\x08\0"s, "a gzip archive"},
      {std::string(257, 'x') + "ustar\0"s, "a tar archive"},
      {"PK\5\6"s + std::string(18, '\0'), "has no entries"},
      {std::string(100, '\0'), "all 100 bytes are zero"},
      {"\1\2\3", "it starts with 01 02 03, not with 50 4b 03 04"},
  };
  for (const auto& [bytes, expected] : files) EXPECT_THAT(refusal_of_file(bytes), HasSubstr(expected));
}

/// ../shared of the project, or NIBBLE_SHARED.
std::filesystem::path shared_weights(const std::string& name) {
  const char* const folder = std::getenv("NIBBLE_SHARED");
  return std::filesystem::path(folder ? folder : NIBBLE_SOURCE_DIR "/../shared") / "weights" / name;
}

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path) << " is missing; set NIBBLE_SHARED to the folder that has weights/"

void expect_all_tensors(const Checkpoint& checkpoint, std::size_t count, std::size_t bytes) {
  const auto tensors = tensors_of(checkpoint.root());
  std::size_t total = 0;
  for (const auto& tensor : tensors) total += checkpoint.load(tensor).bytes().size();
  EXPECT_EQ(tensors.size(), count);
  EXPECT_EQ(total, bytes);
}

TEST(RealCheckpoint, Yolov10nIsReadWhole) {
  const auto path = shared_weights("yolov10n.pt");
  SKIP_WITHOUT(path);
  const auto checkpoint = read_checkpoint(path);
  EXPECT_EQ(checkpoint.entries(), 605U);
  EXPECT_EQ(checkpoint.globals().size(), 29U);
  EXPECT_EQ(describe(attribute_of(checkpoint.root(), "model")), "ultralytics.nn.tasks.DetectionModel");
  expect_all_tensors(checkpoint, 599, 5593226);  // counts as torch.load gives them
}

TEST(RealCheckpoint, TruncatedFileIsRefusedWithThePlace) {
  const auto path = shared_weights("yolov10n-official-truncated.pt");
  SKIP_WITHOUT(path);
  const std::string refusal = refusal_of([&] { read_checkpoint(path); });
  EXPECT_THAT(refusal, HasSubstr("the file is truncated: its 2883584 bytes have no end-of-central-directory record"));
  EXPECT_THAT(refusal, HasSubstr("72 entries are complete, the last is 'yolov10n/data/161', ending at byte 2755272"));
  EXPECT_THAT(refusal, HasSubstr("entry 'yolov10n/data/162' begins at byte 2755288 and is cut off"));
  EXPECT_THAT(refusal, HasSubstr("its tensors alone need 11185668 bytes, so at least 8302084 are missing"));
}

}  // namespace
}  // namespace nibble::test
