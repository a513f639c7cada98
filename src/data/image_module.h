// SPDX-License-Identifier: Apache-2.0
// The functions that libnibble_image.so offers, in plain C types. Both sides include this, so that they cannot drift apart.
#pragma once
#include <cstddef>
#include <cstdint>

namespace nibble {

/// Size of the decoded image and where the letterbox put it.
struct ImageModuleResult {
  std::int64_t width_px = 0;  ///< of the original, after EXIF rotation
  std::int64_t height_px = 0;
  std::int64_t left_px = 0;  ///< columns of border on the left of the input; 0 where no letterbox was asked for
  std::int64_t top_px = 0;
  double ratio = 1;
};

/// Decodes and letterboxes. `pixels` is room for 3 * input_height_px * input_width_px bytes, planes R, G, B; where both are 0, only the
/// size is wanted and `pixels` is not touched. Returns 0, or 1 with the reason as a C string in `why` (at most `why_bytes`,
/// zero-terminated). Never throws.
using ReadImageFunction = int(const std::uint8_t* file, std::size_t file_bytes, std::int64_t input_height_px, std::int64_t input_width_px,
                              std::uint8_t* pixels, ImageModuleResult* result, char* why, std::size_t why_bytes);
inline constexpr const char* kReadImageSymbol = "nibble_image_read";

/// The same of an image that is decoded already: rows of interleaved R, G, B.
using LetterboxImageFunction = int(const std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, std::int64_t input_height_px,
                                   std::int64_t input_width_px, std::uint8_t* pixels, ImageModuleResult* result, char* why,
                                   std::size_t why_bytes);
inline constexpr const char* kLetterboxImageSymbol = "nibble_image_letterbox";

/// Called with the size once it is known; gives room for 3 * width_px * height_px bytes, or nullptr when there is none.
using AllocatePixels = std::uint8_t*(void* context, std::int64_t width_px, std::int64_t height_px) noexcept;

/// Decodes to rows of interleaved R, G, B, as large as fits into box_height_px x box_width_px; `original` gets width and height before
/// that. Returns as above.
using DecodeImageFunction = int(const std::uint8_t* file, std::size_t file_bytes, std::int64_t box_height_px, std::int64_t box_width_px,
                                AllocatePixels* allocate, void* context, ImageModuleResult* original, char* why, std::size_t why_bytes);
inline constexpr const char* kDecodeImageSymbol = "nibble_image_decode";

/// Moves pixels as warp (data/pixels.h) does. `matrix` has six numbers, row by row; `result` is room for
/// 3 * result_height_px * result_width_px bytes, interleaved. Returns as above.
using WarpImageFunction = int(const std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, const double* matrix,
                              std::uint8_t border, std::int64_t result_height_px, std::int64_t result_width_px, std::uint8_t* result,
                              char* why, std::size_t why_bytes);
inline constexpr const char* kWarpImageSymbol = "nibble_image_warp";

/// Changes colours in place, as jitter_colours (data/pixels.h) does. Returns as above.
using JitterColoursFunction = int(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, double hue, double saturation,
                                  double value, char* why, std::size_t why_bytes);
inline constexpr const char* kJitterColoursSymbol = "nibble_image_jitter_colours";

/// A box as it is drawn: its outline of `line_px` (0: none), in dashes where `dashed`, and a label on a filled ground of the same colour
/// above its top left corner, or inside where there is no room above. The label has letters of about `letter_px`; empty: none.
struct ImageModuleBox {
  double x_px = 0, y_px = 0, width_px = 0, height_px = 0;
  std::uint8_t red = 0, green = 0, blue = 0;
  bool dashed = false;
  int line_px = 0;
  double letter_px = 0;
  const char* label = "";  ///< ASCII; zero-terminated
};

/// Draws on rows of interleaved R, G, B, box after box, labels after all outlines. Returns as above.
using DrawBoxesFunction = int(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, const ImageModuleBox* boxes,
                              std::size_t count, char* why, std::size_t why_bytes);
inline constexpr const char* kDrawBoxesSymbol = "nibble_image_draw_boxes";

/// A line with round ends, in dashes where `dashed`; where both ends are one point, a dot of `line_px` across.
struct ImageModuleLine {
  double from_x_px = 0, from_y_px = 0, to_x_px = 0, to_y_px = 0;
  std::uint8_t red = 0, green = 0, blue = 0;
  bool dashed = false;
  int line_px = 1;
};

/// Draws on rows of interleaved R, G, B, line after line. Returns as above.
using DrawLinesFunction = int(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, const ImageModuleLine* lines,
                              std::size_t count, char* why, std::size_t why_bytes);
inline constexpr const char* kDrawLinesSymbol = "nibble_image_draw_lines";

/// Called with the size once it is known; gives room for so many bytes, or nullptr when there is none.
using AllocateBytes = std::uint8_t*(void* context, std::size_t bytes) noexcept;

/// Rows of interleaved R, G, B as a JPEG file of `quality` 1 to 100. Returns as above.
using EncodeJpegFunction = int(const std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, int quality, AllocateBytes* allocate,
                               void* context, char* why, std::size_t why_bytes);
inline constexpr const char* kEncodeJpegSymbol = "nibble_image_encode_jpeg";

/// The outer outlines of what is not 0 in rows of bytes, without the points within straight pieces (cv::findContours, RETR_EXTERNAL,
/// CHAIN_APPROX_SIMPLE). Writes 32-bit numbers: of each outline the number of its points, then x and y of each; without outlines `allocate`
/// is not called. Returns as above.
using FindOutlinesFunction = int(const std::uint8_t* rows, std::int64_t width_px, std::int64_t height_px, AllocateBytes* allocate,
                                 void* context, char* why, std::size_t why_bytes);
inline constexpr const char* kFindOutlinesSymbol = "nibble_image_find_outlines";

using ImageVersionFunction = const char*();
inline constexpr const char* kImageVersionSymbol = "nibble_image_version";

}  // namespace nibble
