// SPDX-License-Identifier: Apache-2.0
// What a checkpoint or an ONNX file holds.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nibble/error.h"
#include "nibble/image_size.h"
#include "nibble/visibility.h"

namespace nibble {

/// One entry of a checkpoint's list of layers.
struct CheckpointLayer {
  std::int64_t index = 0;
  std::string from;             ///< The layers it reads, relative or absolute: "-1", "-1, 6".
  std::string module;           ///< Its class: "C2fCIB".
  std::int64_t parameters = 0;  ///< Numbers stored in it.
  std::string yaml;             ///< Its line in the model's description: "[-1, 3, C2f, [128, True]]".
};

struct CheckpointSummary {
  std::filesystem::path file;
  std::int64_t bytes = 0;             ///< Size of the file.
  std::string sha256;                 ///< Of the file, in lower-case hexadecimal.
  std::int64_t archive_entries = 0;   ///< Files in its zip archive.
  std::string model_class;            ///< "ultralytics.nn.tasks.DetectionModel".
  std::string taken_from;             ///< The entry that holds the network: "model" or "ema".
  std::string family;                 ///< "yolov10".
  std::string scale;                  ///< "n", "s", ...; empty where the checkpoint does not say.
  std::string task;                   ///< "detect".
  std::string stored_dtype;           ///< Type of the stored numbers: "float16".
  std::int64_t parameters = 0;        ///< Stored numbers, both heads included.
  std::vector<std::int64_t> strides;  ///< Pixels of the input for each cell of an output: 8, 16, 32.
  std::map<std::int64_t, std::string> class_names;
  std::vector<CheckpointLayer> layers;
  std::vector<std::string> not_executed;   ///< Classes and functions that the file names; all were read as plain data.
  std::vector<std::string> foreign_names;  ///< Those of them that a detector has no business with.
  std::vector<std::string> heads;          ///< What --head can be: "one2one", "one2many", ...; empty for a classifier.
  ImageSize image_size;          ///< Of the input that `export` gives it, in pixels: what it was trained at, 640 where it does not say.
  std::optional<Error> refusal;  ///< Why `export` refuses the network: the very error that it ends with. Empty: it does not.
};

/// One Conv, MatMul or Gemm with constant weights.
struct OnnxLayer {
  std::string name;
  std::string op;                     ///< "Conv", "MatMul", "Gemm".
  int weight_bits = 32;               ///< From the stored type, the bounds of a Clip, and what decodes packed codes.
  std::string granularity;            ///< What one scale is for: "float", "tensor", "channel", "block 32".
  int activation_bits = 0;            ///< Bits of the input; 0: it is float.
  bool unpacked = false;              ///< Decoded by operators that a runtime folds when it loads the file.
  bool trellis = false;               ///< These operators follow a trellis: weight_bits are those of a symbol.
  std::int64_t weights = 0;           ///< Number of weights.
  std::int64_t bytes = 0;             ///< Of weights, scales and zero points as they are stored.
  std::int64_t weight_bytes = 0;      ///< Of the weights alone.
  std::int64_t scale_bytes = 0;       ///< Of the scales alone.
  std::int64_t zero_point_bytes = 0;  ///< Of the zero points alone.
  std::int64_t bias_bytes = 0;        ///< Of the bias.
};

/// An input or output.
struct OnnxTensor {
  std::string name;
  std::string dtype;               ///< "float32".
  std::vector<std::string> shape;  ///< Extents or symbolic names.
};

/// A row of the account of where the bytes of a file are.
struct ByteRow {
  std::string what;        ///< "weights, 4 bits packed".
  std::int64_t count = 0;  ///< Initialisers or names.
  std::int64_t bytes = 0;
  bool operator==(const ByteRow&) const = default;
};

struct OnnxSummary {
  std::int64_t ir_version = 0;
  std::int64_t opset = 0;
  std::string producer;
  std::map<std::string, std::string> metadata;
  std::vector<OnnxTensor> inputs, outputs;
  std::map<std::string, int> op_counts;  ///< Nodes of each operator: "QuantizeLinear" -> 82.
  std::vector<OnnxLayer> layers;
  std::vector<ByteRow> ledger;  ///< Adds up to the size of the file.
  std::int64_t file_bytes = 0;  ///< Size of the file.
};

/// Whether a provider takes a file, found out by loading it with optimisations off: nothing of it is computed.
struct ProviderTrial {
  std::string provider;  ///< "cpu" or "cuda".
  bool loads = false;
  std::string problem;  ///< Why it does not load; empty: it does.
};

struct OnnxInspection {
  std::filesystem::path file;
  OnnxSummary summary;
  std::string meaning;                   ///< What the first output means: the file's own words, else what its shape and class names say.
  std::string lost_scores;               ///< Why all scores are 0, where the file shows that; empty: nothing is shown.
  std::string quantisation;              ///< "82 of 83 layers: 4-bit weights, a scale per channel, packed; inputs are float".
  std::string runtime_version;           ///< Of ONNX Runtime; empty: it is not here.
  std::vector<ProviderTrial> providers;  ///< One for each provider this ONNX Runtime has; empty without a runtime.
};

using InspectResult = std::variant<CheckpointSummary, OnnxInspection>;

/// Looks into a .pt or .onnx file; nothing in it is executed. Throws Error(input) naming what is wrong with the file, Error(unsupported)
/// naming the kind of a model that is none of nibble's. The network of a .pt is built, so that what `export` would refuse is found out.
NIBBLE_EXPORT InspectResult inspect(const std::filesystem::path& file);

}  // namespace nibble
