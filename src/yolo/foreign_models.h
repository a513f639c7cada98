// SPDX-License-Identifier: Apache-2.0
// Detectors that people have and that nibble does not read: what they are and what to do, instead of "unknown class".
#pragma once
#include <string>

#include "yolo/module_view.h"

namespace nibble {

/// Error(unsupported) that names the family and says what to do, where the class of the model or of its last layer is that of a known
/// family that is not read: anchors (YOLOv5 and YOLOv7 of their own repositories), RT-DETR, YOLO-World, YOLOE, YOLO-NAS, SAM, YOLOv6 of
/// Meituan, YOLOX, OpenMMLab. Nothing happens for any other.
void require_family(const Module& model);

/// "is a state dict of SAM ...; take ..." where the names of a state dict's tensors are those of such a family; else empty.
std::string explain_foreign_tensors(const PickleDict& tensors);

}  // namespace nibble
