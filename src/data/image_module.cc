// SPDX-License-Identifier: Apache-2.0
// The only file that includes OpenCV. Letterbox after Ultralytics' predictor: resize by INTER_LINEAR to
// round(side * ratio) (at least 1), border 114, the odd pixel of the border right and below.
#include "data/image_module.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/exif_orientation.h"
#include "data/jpeg_end.h"
#include "nibble/visibility.h"

namespace {

constexpr int kBorderValue = 114;

/// Half to even, as Python's round; relies on the default rounding mode.
int round_to_int(double value) { return static_cast<int>(std::nearbyint(value)); }

bool is_tiff(std::string_view file) { return file.starts_with("II") || file.starts_with("MM"); }

/// `orientation`: 1 to 8 as data/exif_orientation.h.
cv::Mat upright(const cv::Mat& image, int orientation) {
  constexpr int kTopToBottom = 0, kLeftToRight = 1, kBoth = -1;
  cv::Mat turned = image;
  if (orientation >= 5) cv::transpose(image, turned);
  switch (orientation) {
    case 2: cv::flip(turned, turned, kLeftToRight); break;
    case 3: cv::flip(turned, turned, kBoth); break;
    case 4: cv::flip(turned, turned, kTopToBottom); break;
    case 6: cv::flip(turned, turned, kLeftToRight); break;
    case 7: cv::flip(turned, turned, kBoth); break;
    case 8: cv::flip(turned, turned, kTopToBottom); break;
    default: break;
  }
  return turned;
}

cv::Mat decode_as_stored(std::string_view file) {
  // The cast drops const for the Mat header only; imdecode reads.
  const cv::Mat buffer(1, static_cast<int>(file.size()), CV_8UC1, const_cast<char*>(file.data()));
  return cv::imdecode(buffer, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
}

/// Empty where the decoder needs bits behind the file's end, which OpenCV would fill with grey.
cv::Mat decode_of_own_bits(std::string_view jpeg) {
  const cv::Mat image = decode_as_stored(nibble::with_jpeg_end(jpeg, 0));
  if (image.empty()) return image;
  for (const auto pattern : nibble::kJpegPatterns) {
    const cv::Mat other = decode_as_stored(nibble::with_jpeg_end(jpeg, pattern));
    if (image.size() != other.size() || cv::norm(image, other, cv::NORM_INF) != 0) return {};
  }
  return image;
}

/// Empty where pixels are missing. Zeros at the end are what a file that was cut was filled up with, which a decoder takes for pixels, or
/// padding behind all pixels, or the bits of the last ones: then every zero is needed.
cv::Mat decode_without_end(std::string_view jpeg) {
  const auto bits = jpeg.substr(0, jpeg.find_last_not_of('\0') + 1);
  cv::Mat image = decode_of_own_bits(bits);
  if (!image.empty() || bits.size() == jpeg.size()) return image;
  if (!decode_of_own_bits(jpeg.substr(0, jpeg.size() - 1)).empty()) return {};
  return decode_of_own_bits(jpeg);
}

cv::Mat decode(const std::uint8_t* file, std::size_t file_bytes) {
  const std::string_view bytes(reinterpret_cast<const char*>(file), file_bytes);
  const cv::Mat image = nibble::lacks_jpeg_end(bytes) ? decode_without_end(bytes) : decode_as_stored(bytes);
  // OpenCV knows the tag in JPEG, from 4.5 in PNG, and later in WebP; its TIFF decoder always obeys it. Read here, it means the same in
  // all.
  return image.empty() || is_tiff(bytes) ? image : upright(image, nibble::exif_orientation(bytes));
}

const char* why_undecoded(const std::uint8_t* file, std::size_t file_bytes) {
  return nibble::lacks_jpeg_end({reinterpret_cast<const char*>(file), file_bytes}) ? "JPEG without its end marker; pixels are missing"
                                                                                   : "not an image OpenCV can decode";
}

cv::Mat letterbox(const cv::Mat& image, const cv::Size& input, nibble::ImageModuleResult& result) {
  const double ratio = std::min(static_cast<double>(input.height) / image.rows, static_cast<double>(input.width) / image.cols);
  const cv::Size inner(std::max(round_to_int(image.cols * ratio), 1), std::max(round_to_int(image.rows * ratio), 1));
  cv::Mat resized = image;
  if (inner != image.size()) cv::resize(image, resized, inner, 0, 0, cv::INTER_LINEAR);
  const double half_x = (input.width - inner.width) / 2.0, half_y = (input.height - inner.height) / 2.0;
  const int left = round_to_int(half_x - 0.1), top = round_to_int(half_y - 0.1);
  cv::Mat boxed;
  cv::copyMakeBorder(resized, boxed, top, round_to_int(half_y + 0.1), left, round_to_int(half_x + 0.1), cv::BORDER_CONSTANT,
                     cv::Scalar::all(kBorderValue));
  result.ratio = ratio;
  result.left_px = left;
  result.top_px = top;
  return boxed;
}

void split_to_rgb(const cv::Mat& bgr, std::uint8_t* pixels) {
  const std::size_t plane_bytes = bgr.total();
  std::vector<cv::Mat> planes;
  for (std::size_t c = 0; c < 3; ++c) planes.emplace_back(bgr.rows, bgr.cols, CV_8UC1, pixels + (2 - c) * plane_bytes);
  cv::split(bgr, planes);
}

int refuse(char* why, std::size_t why_bytes, const char* reason) {
  std::snprintf(why, why_bytes, "%s", reason);
  return 1;
}

int read(const std::uint8_t* file, std::size_t file_bytes, const cv::Size& input, std::uint8_t* pixels, nibble::ImageModuleResult& result,
         char* why, std::size_t why_bytes) {
  const cv::Mat image = decode(file, file_bytes);
  if (image.empty()) return refuse(why, why_bytes, why_undecoded(file, file_bytes));
  result.width_px = image.cols;
  result.height_px = image.rows;
  if (!input.empty()) split_to_rgb(letterbox(image, input, result), pixels);
  return 0;
}

/// Callers run several threads of their own; OpenCV's would stand in their way, and images are small.
const bool kNoThreads = [] {
  cv::setNumThreads(0);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // its reasons come back as words of errors
  return true;
}();

int decode_rgb(const std::uint8_t* file, std::size_t file_bytes, const cv::Size& box, nibble::AllocatePixels* allocate, void* context,
               nibble::ImageModuleResult& original, char* why, std::size_t why_bytes) {
  cv::Mat image = decode(file, file_bytes);
  if (image.empty()) return refuse(why, why_bytes, why_undecoded(file, file_bytes));
  original.width_px = image.cols;
  original.height_px = image.rows;
  const double ratio = std::min(static_cast<double>(box.height) / image.rows, static_cast<double>(box.width) / image.cols);
  const auto side = [&](int px, int limit) { return std::min(static_cast<int>(std::ceil(px * ratio)), limit); };
  const cv::Size size(side(image.cols, box.width), side(image.rows, box.height));
  if (size != image.size()) cv::resize(image, image, size, 0, 0, cv::INTER_LINEAR);
  std::uint8_t* const pixels = allocate(context, size.width, size.height);
  if (pixels == nullptr) return refuse(why, why_bytes, "no memory for its pixels");
  cv::Mat rgb(size, CV_8UC3, pixels);
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  return 0;
}

cv::Mat pixels_at(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px) {
  return cv::Mat(static_cast<int>(height_px), static_cast<int>(width_px), CV_8UC3, rgb);
}

void jitter_hsv(cv::Mat rgb, double hue, double saturation, double value) {
  cv::Mat table(1, 256, CV_8UC3);
  for (int i = 0; i < 256; ++i) {
    const double turned = std::fmod(i + hue * 180, 180);
    table.at<cv::Vec3b>(i) = {static_cast<std::uint8_t>(turned < 0 ? turned + 180 : turned),
                              static_cast<std::uint8_t>(std::clamp(i * (saturation + 1), 0.0, 255.0)),
                              static_cast<std::uint8_t>(std::clamp(i * (value + 1), 0.0, 255.0))};
  }
  cv::Mat hsv;
  cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV);
  cv::LUT(hsv, table, hsv);
  cv::cvtColor(hsv, rgb, cv::COLOR_HSV2RGB);
}

template <class Drawn>
cv::Scalar colour_of(const Drawn& drawn) {
  return {double(drawn.red), double(drawn.green), double(drawn.blue)};
}

/// Black letters on a light ground, white ones on a dark one (ITU-R BT.601 luma).
cv::Scalar letters_on(const nibble::ImageModuleBox& box) {
  return cv::Scalar::all(0.299 * box.red + 0.587 * box.green + 0.114 * box.blue > 140 ? 0 : 255);
}

template <class Drawn>
void draw_dashes(cv::Mat& image, const cv::Point& from, const cv::Point& to, const Drawn& drawn) {
  const double length = cv::norm(to - from), dash = 4.0 * drawn.line_px;
  const auto at = [&](double along) {
    const double share = length > 0 ? std::min(along / length, 1.0) : 0;
    return cv::Point(round_to_int(from.x + share * (to.x - from.x)), round_to_int(from.y + share * (to.y - from.y)));
  };
  for (double along = 0; along <= length; along += 2 * dash) cv::line(image, at(along), at(along + dash), colour_of(drawn), drawn.line_px);
}

cv::Point corner_of(const cv::Mat& image, double x_px, double y_px) {
  return {std::clamp(round_to_int(x_px), 0, image.cols - 1), std::clamp(round_to_int(y_px), 0, image.rows - 1)};
}

void draw_outline(cv::Mat& image, const nibble::ImageModuleBox& box) {
  if (box.line_px <= 0) return;
  const auto low = corner_of(image, box.x_px, box.y_px);
  const auto high = corner_of(image, box.x_px + box.width_px, box.y_px + box.height_px);
  if (!box.dashed) return cv::rectangle(image, low, high, colour_of(box), box.line_px);
  const cv::Point right(high.x, low.y), below(low.x, high.y);
  for (const auto& [from, to] : {std::pair(low, right), std::pair(right, high), std::pair(below, high), std::pair(low, below)})
    draw_dashes(image, from, to, box);
}

void draw_label(cv::Mat& image, const nibble::ImageModuleBox& box) {
  constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
  constexpr double kCapitalPx = 22;  // height of this font's capitals at scale 1
  const std::string text = box.label;
  if (text.empty() || box.letter_px <= 0) return;
  const double scale = box.letter_px / kCapitalPx;
  const int stroke = std::max(round_to_int(box.letter_px / 9), 1), margin = std::max(round_to_int(box.letter_px / 4), 1);
  int below_px = 0;
  const auto size = cv::getTextSize(text, kFont, scale, stroke, &below_px);
  const cv::Size ground(size.width + 2 * margin, size.height + below_px + margin);
  const auto corner = corner_of(image, box.x_px, box.y_px);
  const int left = std::max(std::min(corner.x, image.cols - ground.width), 0);
  const int top = corner.y >= ground.height ? corner.y - ground.height : std::max(std::min(corner.y, image.rows - ground.height), 0);
  cv::rectangle(image, cv::Rect(cv::Point(left, top), ground), colour_of(box), cv::FILLED);
  cv::putText(image, text, {left + margin, top + size.height + margin / 2}, kFont, scale, letters_on(box), stroke, cv::LINE_AA);
}

/// Far enough outside of any image, and not too far for whole numbers of 32 bits.
cv::Point point_at(double x_px, double y_px) {
  constexpr double kFarthestPx = 1 << 20;
  return {round_to_int(std::clamp(x_px, -kFarthestPx, kFarthestPx)), round_to_int(std::clamp(y_px, -kFarthestPx, kFarthestPx))};
}

void draw_line(cv::Mat& image, const nibble::ImageModuleLine& line) {
  if (line.line_px <= 0) return;
  auto from = point_at(line.from_x_px, line.from_y_px), to = point_at(line.to_x_px, line.to_y_px);
  if (from == to) return cv::circle(image, from, std::max(line.line_px / 2, 1), colour_of(line), cv::FILLED, cv::LINE_AA);
  if (!line.dashed) return cv::line(image, from, to, colour_of(line), line.line_px, cv::LINE_AA);
  // Dashes are laid where the line can be seen: a box may reach far beyond the image.
  const int margin = 4 * line.line_px;
  const cv::Point shift(margin, margin);
  from += shift, to += shift;
  if (!cv::clipLine(cv::Size(image.cols + 2 * margin, image.rows + 2 * margin), from, to)) return;
  draw_dashes(image, from - shift, to - shift, line);
}

int find_outlines(const cv::Mat& rows, nibble::AllocateBytes* allocate, void* context, char* why, std::size_t why_bytes) {
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(rows, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  std::vector<std::int32_t> numbers;
  for (const auto& outline : outlines) {
    numbers.push_back(static_cast<std::int32_t>(outline.size()));
    for (const auto& point : outline) numbers.insert(numbers.end(), {point.x, point.y});
  }
  if (numbers.empty()) return 0;
  std::uint8_t* const bytes = allocate(context, numbers.size() * sizeof(std::int32_t));
  if (bytes == nullptr) return refuse(why, why_bytes, "no memory for outlines");
  std::memcpy(bytes, numbers.data(), numbers.size() * sizeof(std::int32_t));
  return 0;
}

int encode_jpeg(const cv::Mat& rgb, int quality, nibble::AllocateBytes* allocate, void* context, char* why, std::size_t why_bytes) {
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<std::uint8_t> file;
  if (!cv::imencode(".jpg", bgr, file, {cv::IMWRITE_JPEG_QUALITY, quality})) return refuse(why, why_bytes, "cannot be written as a JPEG");
  std::uint8_t* const bytes = allocate(context, file.size());
  if (bytes == nullptr) return refuse(why, why_bytes, "no memory for its file");
  std::copy(file.begin(), file.end(), bytes);
  return 0;
}

cv::Size size_of(std::int64_t height_px, std::int64_t width_px) { return {static_cast<int>(width_px), static_cast<int>(height_px)}; }

/// Runs `action`, which returns like the exported functions; exceptions become reasons.
template <class Action>
int guarded(char* why, std::size_t why_bytes, Action action) {
  try {
    return action();
  } catch (const std::exception& error) {
    return refuse(why, why_bytes, error.what());
  }
}

}  // namespace

extern "C" NIBBLE_EXPORT int nibble_image_read(const std::uint8_t* file, std::size_t file_bytes, std::int64_t input_height_px,
                                               std::int64_t input_width_px, std::uint8_t* pixels, nibble::ImageModuleResult* result,
                                               char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes,
                 [&] { return read(file, file_bytes, size_of(input_height_px, input_width_px), pixels, *result, why, why_bytes); });
}

extern "C" NIBBLE_EXPORT int nibble_image_decode(const std::uint8_t* file, std::size_t file_bytes, std::int64_t box_height_px,
                                                 std::int64_t box_width_px, nibble::AllocatePixels* allocate, void* context,
                                                 nibble::ImageModuleResult* original, char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    return decode_rgb(file, file_bytes, size_of(box_height_px, box_width_px), allocate, context, *original, why, why_bytes);
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_warp(const std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, const double* matrix,
                                               std::uint8_t border, std::int64_t result_height_px, std::int64_t result_width_px,
                                               std::uint8_t* result, char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    const cv::Mat source = pixels_at(const_cast<std::uint8_t*>(rgb), width_px, height_px);  // for the Mat header only
    const cv::Mat to_result(2, 3, CV_64FC1, const_cast<double*>(matrix));
    cv::Mat target = pixels_at(result, result_width_px, result_height_px);
    cv::warpAffine(source, target, to_result, target.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar::all(border));
    return 0;
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_jitter_colours(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, double hue,
                                                         double saturation, double value, char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    jitter_hsv(pixels_at(rgb, width_px, height_px), hue, saturation, value);
    return 0;
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_draw_boxes(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px,
                                                     const nibble::ImageModuleBox* boxes, std::size_t count, char* why,
                                                     std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    cv::Mat image = pixels_at(rgb, width_px, height_px);
    for (std::size_t i = 0; i < count; ++i) draw_outline(image, boxes[i]);
    for (std::size_t i = 0; i < count; ++i) draw_label(image, boxes[i]);
    return 0;
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_letterbox(const std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px,
                                                    std::int64_t input_height_px, std::int64_t input_width_px, std::uint8_t* pixels,
                                                    nibble::ImageModuleResult* result, char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    cv::Mat bgr;
    cv::cvtColor(pixels_at(const_cast<std::uint8_t*>(rgb), width_px, height_px), bgr, cv::COLOR_RGB2BGR);  // only read
    result->width_px = width_px;
    result->height_px = height_px;
    split_to_rgb(letterbox(bgr, size_of(input_height_px, input_width_px), *result), pixels);
    return 0;
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_draw_lines(std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px,
                                                     const nibble::ImageModuleLine* lines, std::size_t count, char* why,
                                                     std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    cv::Mat image = pixels_at(rgb, width_px, height_px);
    std::for_each(lines, lines + count, [&](const auto& line) { draw_line(image, line); });
    return 0;
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_find_outlines(const std::uint8_t* rows, std::int64_t width_px, std::int64_t height_px,
                                                        nibble::AllocateBytes* allocate, void* context, char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    // The cast drops const for the Mat header only.
    const cv::Mat mask(static_cast<int>(height_px), static_cast<int>(width_px), CV_8UC1, const_cast<std::uint8_t*>(rows));
    return find_outlines(mask, allocate, context, why, why_bytes);
  });
}

extern "C" NIBBLE_EXPORT int nibble_image_encode_jpeg(const std::uint8_t* rgb, std::int64_t width_px, std::int64_t height_px, int quality,
                                                      nibble::AllocateBytes* allocate, void* context, char* why, std::size_t why_bytes) {
  return guarded(why, why_bytes, [&] {
    const cv::Mat image = pixels_at(const_cast<std::uint8_t*>(rgb), width_px, height_px);  // for the Mat header only
    return encode_jpeg(image, quality, allocate, context, why, why_bytes);
  });
}

extern "C" NIBBLE_EXPORT const char* nibble_image_version() { return CV_VERSION; }

static_assert(std::is_same_v<decltype(nibble_image_read), nibble::ReadImageFunction>);
static_assert(std::is_same_v<decltype(nibble_image_letterbox), nibble::LetterboxImageFunction>);
static_assert(std::is_same_v<decltype(nibble_image_decode), nibble::DecodeImageFunction>);
static_assert(std::is_same_v<decltype(nibble_image_warp), nibble::WarpImageFunction>);
static_assert(std::is_same_v<decltype(nibble_image_jitter_colours), nibble::JitterColoursFunction>);
static_assert(std::is_same_v<decltype(nibble_image_draw_boxes), nibble::DrawBoxesFunction>);
static_assert(std::is_same_v<decltype(nibble_image_draw_lines), nibble::DrawLinesFunction>);
static_assert(std::is_same_v<decltype(nibble_image_find_outlines), nibble::FindOutlinesFunction>);
static_assert(std::is_same_v<decltype(nibble_image_encode_jpeg), nibble::EncodeJpegFunction>);
