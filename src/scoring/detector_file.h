// SPDX-License-Identifier: Apache-2.0
// An ONNX detector opened for inference: what goes in, what comes out, which classes it knows.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/coco.h"
#include "data/image.h"
#include "eval/detection.h"
#include "eval/output_layout.h"
#include "nibble/options.h"
#include "ort/session.h"

namespace nibble {

/// What a file takes for an image.
struct InputForm {
  bool is_pixels = false;      ///< uint8 values 0..255; else floats in 0..1
  bool channels_last = false;  ///< [B,H,W,3]; else [B,3,H,W]
};

/// What a pose model gives for each object.
struct KeypointForm {
  std::int64_t count = 0;
  std::int64_t values = 0;  ///< of each keypoint: 2 (x, y), or 3 with a visibility
};

struct DetectorFile {
  Session session;
  OutputKind kind = OutputKind::one2many;
  std::int64_t class_count = 0;
  std::map<std::int64_t, std::string> class_names;  ///< empty when the metadata has none
  std::vector<std::int64_t> strides;
  ImageSize image_size = 640;
  std::int64_t batch = 1;  ///< what one run takes
  OutputLayout layout = {};
  std::size_t output = 0;  ///< which of the outputs holds the detections
  InputForm input = {};
  bool is_classifier = false;   ///< its probabilities [B,nc] are read as the scores of one box around the whole image
  std::int64_t extras = 0;      ///< numbers behind each box that are not looked at: mask coefficients, keypoints, angles
  KeypointForm keypoints = {};  ///< of a pose model
  bool is_own = false;          ///< nibble wrote it, so that its output is what its metadata say
};

/// Error(environment) when this ONNX Runtime does not have the provider, Error(usage) when nobody knows it.
void require_provider(const std::string& name);

SessionOptions session_options(const RuntimeOptions& runtime, bool optimize);
Session open_session(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize);

/// `categories`: of the data set it will be scored on; 0 when there is none. Error(unsupported) when inputs or outputs are
/// not a detector's, Error(usage) when it does not take the image size asked for, Error(input) when the classes are not as many as the data
/// set's.
/// The layout of the output is told by metadata, shape and, where these leave it open, by the values of one run on random input;
/// Error(unsupported) listing what it could be where they do not tell either.
DetectorFile open_detector(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize, std::int64_t categories,
                           const DetectorFileOptions& file = {});

/// The same of a file of any task whose metadata are nibble's or Ultralytics': its boxes and scores alone are looked at, which is enough to
/// compare what runtimes make of it.
DetectorFile open_any_task(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize,
                           const DetectorFileOptions& file);

/// The same of a session that is open already; `model` names it.
DetectorFile open_any_task(Session session, const std::filesystem::path& model, const DetectorFileOptions& file);
DetectorFile open_detector(Session session, const std::filesystem::path& model, std::int64_t categories, const DetectorFileOptions& file);

/// `names` of a file's metadata; empty where there are none that can be read.
std::map<std::int64_t, std::string> class_names_of(const std::map<std::string, std::string>& metadata);
/// `kpt_shape`; {0, 0} where there is none that can be read.
KeypointForm keypoint_form_of(const std::map<std::string, std::string>& metadata);

/// Another session of the same detector, whose only output is the one with the detections.
DetectorFile with_session(const DetectorFile& like, Session session);

/// The image as the file takes it, repeated where its batch is fixed above 1.
Tensor network_input(const NetworkImage& image, const DetectorFile& detector);
/// The detections among the outputs of a run, as decode_output wants them: f32. Error(unsupported) where those of a file of others are no
/// boxes in pixels, or probabilities none.
Tensor detections_output(const DetectorFile& detector, const std::vector<Tensor>& outputs);

std::string_view name_of(OutputKind kind);

/// Classes whose names differ from the data set's category at their index: "3: 'car', data set 'bus'".
std::vector<std::string> differing_names(const DetectorFile& detector, const CocoDataset& dataset);

}  // namespace nibble
