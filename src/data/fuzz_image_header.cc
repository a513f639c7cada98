// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as an image file, of which the size and the orientation are told before it is decoded.
#include "base/test_fuzz.h"
#include "data/exif_orientation.h"
#include "data/image_header.h"
#include "data/jpeg_end.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  const auto file = test::text_of(data, size);
  const auto found = image_header_size(file);
  if (found && (found->height < 0 || found->width < 0)) __builtin_trap();
  const int orientation = exif_orientation(file);
  if (orientation < 1 || orientation > 8) __builtin_trap();
  if (lacks_jpeg_end(file) && can_tell_missing_pixels(file) && lacks_jpeg_end(with_jpeg_end(file, 0))) __builtin_trap();
  return 0;
}
