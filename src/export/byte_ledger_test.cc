// SPDX-License-Identifier: Apache-2.0
#include "export/byte_ledger.h"

#include <gmock/gmock.h>

#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

using ::testing::Contains;

std::int64_t sum_of(const std::vector<ByteRow>& rows) {
  std::int64_t sum = 0;
  for (const auto& row : rows) sum += row.bytes;
  return sum;
}

onnx::ModelProto emitted(Dialect dialect) {
  const TestFolder folder;
  EmitOptions options;
  options.dialect = dialect;
  options.metadata = {{"names", "{0: 'x'}"}};
  emit_model(quant_conv_graph(four_bit_per_channel()), options, folder / "m.onnx");
  return read_onnx(folder / "m.onnx");
}

TEST(ByteLedger, EveryByteOfTheFileHasARow) {
  for (const auto dialect : {Dialect::qcdq, Dialect::int4}) {
    auto model = emitted(dialect);
    model.mutable_graph()->mutable_node(0)->set_doc_string("where it came from");
    declare(*model.mutable_graph()->add_value_info(), "somewhere", 1, {1, 2, 3});
    const auto rows = byte_ledger(model);
    EXPECT_EQ(sum_of(rows), static_cast<std::int64_t>(model.SerializeAsString().size()));
    for (const auto& row : rows) EXPECT_GT(row.bytes, 0) << row.what;
  }
}

TEST(ByteLedger, RowsSayWhatTheBytesAreFor) {
  const auto qcdq = byte_ledger(emitted(Dialect::qcdq));
  EXPECT_THAT(qcdq, Contains(ByteRow{"weights, int8", 1, 6}));
  EXPECT_THAT(qcdq, Contains(ByteRow{"scales, float32", 1, 12}));
  EXPECT_THAT(qcdq, Contains(ByteRow{"zero points", 1, 3}));
  EXPECT_THAT(qcdq, Contains(ByteRow{"bounds of Clip", 2, 2}));
  EXPECT_THAT(qcdq, Contains(ByteRow{"biases, float32", 1, 12}));
  EXPECT_THAT(qcdq, Contains(ByteRow{"metadata", 1, 5 + 8}));
  EXPECT_THAT(byte_ledger(emitted(Dialect::int4)), Contains(ByteRow{"weights, int4 (two a byte)", 1, 3}));
}

TEST(ByteLedger, LargeConstantsAreNamed) {
  onnx::ModelProto model;
  auto& graph = *model.mutable_graph();
  add_tensor(graph, "anchors", 1).set_raw_data(std::string(8192, '\1'));
  add_tensor(graph, "one", 1).set_raw_data(std::string(4, '\1'));
  auto& typed = add_tensor(graph, "typed", 7);
  typed.add_int64_data(1);
  typed.add_int64_data(300);  // two bytes as a varint
  append(graph, "Sum", {"anchors", "one"}, "y");
  const auto rows = byte_ledger(model);
  EXPECT_THAT(rows, Contains(ByteRow{"constant anchors, float32", 1, 8192}));
  EXPECT_THAT(rows, Contains(ByteRow{"small constants", 2, 4 + 3}));
  EXPECT_EQ(sum_of(rows), static_cast<std::int64_t>(model.ByteSizeLong()));
}

}  // namespace
}  // namespace nibble::testing
