#include "plugin/media/picture.hpp"

#include <gd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace causeway::media {
namespace {

constexpr int jpeg_quality = 80;
constexpr int png_compression = 6;
/// Scans of a JPEG: honest progressive ones have about ten. Each costs a pass over the whole picture, however few bytes
/// it has.
constexpr std::size_t jpeg_scans_max = 100;
constexpr std::size_t read_buffer_bytes = 64 * 1024;
/// What is asked for at once of where the file lies.
constexpr std::size_t read_step_bytes = 256 * 1024;

struct image_destroyer {
  void operator()(gdImage* x) const { gdImageDestroy(x); }
};
using image = std::unique_ptr<gdImage, image_destroyer>;
struct file_closer {
  void operator()(std::FILE* x) const { std::fclose(x); }
};
using file = std::unique_ptr<std::FILE, file_closer>;

/// A file as the decoders want it, wherever it lies.
class picture_file {
public:
  explicit picture_file(file_reader read) : read_(std::move(read)) {
    const cookie_io_functions_t calls{&read_next, nullptr, &seek, nullptr};
    file_.reset(fopencookie(this, "rb", calls));
    // The C library takes no size without a buffer: it would ask for 8 KiB at a time.
    if (file_) std::setvbuf(file_.get(), buffer_.data(), _IOFBF, buffer_.size());
  }
  picture_file(const picture_file&) = delete;
  picture_file& operator=(const picture_file&) = delete;

  std::FILE* get() const { return file_.get(); }
  void rewind() { std::fseek(file_.get(), 0, SEEK_SET); }
  /// Why it could not be read; a decoder only sees that it ends.
  const std::optional<fault>& failed() const { return failed_; }

private:
  static ssize_t read_next(void* cookie, char* to, std::size_t bytes) {
    auto& x = *static_cast<picture_file*>(cookie);
    if (x.failed_) return -1;
    const auto part = x.read_(x.offset_, bytes);
    if (!part) {
      x.failed_ = part.error();
      return -1;
    }
    part->copy(to, bytes);
    x.offset_ += part->size();
    return static_cast<ssize_t>(part->size());
  }
  static int seek(void* cookie, off64_t* offset, int whence) {
    auto& x = *static_cast<picture_file*>(cookie);
    if (whence == SEEK_CUR) *offset += static_cast<off64_t>(x.offset_);
    else if (whence != SEEK_SET) return -1; // no decoder asks for the end
    if (*offset < 0) return -1;
    x.offset_ = static_cast<std::uint64_t>(*offset);
    return 0;
  }

  const file_reader read_;
  std::uint64_t offset_ = 0;
  std::optional<fault> failed_;
  std::string buffer_ = std::string(read_step_bytes, '\0');
  file file_; // last: it uses the others
};

/// Beginnings of scans. Within picture data a byte 0xff is never followed by 0xda but there.
std::size_t count_scans(std::FILE* from) {
  std::string buffer(read_buffer_bytes, '\0');
  std::size_t scans = 0;
  bool after_ff = false;
  while (const auto n = std::fread(buffer.data(), 1, buffer.size(), from))
    for (std::size_t i = 0; i < n; ++i) {
      scans += after_ff && buffer[i] == '\xda';
      after_ff = buffer[i] == '\xff';
    }
  return scans;
}

gdImage* decode(picture_format format, std::FILE* from) {
  switch (format) {
  case picture_format::png: return gdImageCreateFromPng(from);
  case picture_format::jpeg: return gdImageCreateFromJpeg(from);
  case picture_format::gif: return gdImageCreateFromGif(from);
  case picture_format::webp: return gdImageCreateFromWebp(from);
  }
  return nullptr;
}

/// Turns and mirrors so that it may be looked at without the orientation. Exif 2.3, 4.6.4.
image upright(image x, std::uint8_t orientation) {
  double degrees = 0; // against the clock
  switch (orientation) {
  case 2: gdImageFlipHorizontal(x.get()); break;
  case 3: degrees = 180; break;
  case 4: gdImageFlipVertical(x.get()); break;
  case 5:
    gdImageFlipHorizontal(x.get());
    degrees = 90;
    break;
  case 6: degrees = 270; break;
  case 7:
    gdImageFlipHorizontal(x.get());
    degrees = 270;
    break;
  case 8: degrees = 90; break;
  default: break;
  }
  if (degrees == 0) return x;
  return image{gdImageRotateInterpolated(x.get(), static_cast<float>(degrees), 0)};
}

struct rectangle {
  int x = 0, y = 0, width = 0, height = 0;
};

/// At least one, at most `most`.
int pixels(double x, int most) { return static_cast<int>(std::clamp(std::lround(x), 1L, long{most})); }

std::string encoded(gdImage* x, bool as_jpeg) {
  int size = 0;
  void* bytes = as_jpeg ? gdImageJpegPtr(x, &size, jpeg_quality) : gdImagePngPtrEx(x, &size, png_compression);
  std::string out;
  if (bytes != nullptr && size > 0) out.assign(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  if (bytes != nullptr) gdFree(bytes);
  return out;
}

} // namespace

namespace {

/// The whole picture, once it is known to be small enough.
result<image> decoded(picture_file& from, std::uint64_t pixels_max, picture_header& header) {
  std::string beginning(picture_header_bytes_max, '\0');
  beginning.resize(std::fread(beginning.data(), 1, beginning.size(), from.get()));
  const auto claimed = read_picture_header(beginning);
  if (from.failed()) return *from.failed();
  if (!claimed) return fault{fault_code::unsupported_media, "the file is no PNG, JPEG, GIF or WebP"};
  header = *claimed;
  if (std::uint64_t{header.width} * header.height > pixels_max)
    return fault{fault_code::too_large, std::to_string(header.width) + "x" + std::to_string(header.height) +
                                          " is over " + std::to_string(pixels_max) + " pixels"};
  from.rewind();
  if (header.format == picture_format::jpeg) {
    if (count_scans(from.get()) > jpeg_scans_max)
      return fault{fault_code::unsupported_media,
                   "the JPEG has more than " + std::to_string(jpeg_scans_max) + " scans"};
    from.rewind();
  }
  image source{decode(header.format, from.get())};
  if (from.failed()) return *from.failed();
  if (!source || static_cast<std::uint32_t>(gdImageSX(source.get())) != header.width ||
      static_cast<std::uint32_t>(gdImageSY(source.get())) != header.height)
    return fault{fault_code::unsupported_media, "the picture cannot be decoded"};
  return source;
}

} // namespace

result<thumbnail> make_thumbnail(file_reader read, thumbnail_size size, std::uint64_t pixels_max) {
  static std::once_flag once;
  std::call_once(
    once, [] { gdSetErrorMethod([](int, const char*, va_list) {}); }); // a broken picture is no matter for the log
  picture_file from{std::move(read)};
  if (!from.get()) return {fault_code::internal, "out of memory"};
  picture_header header;
  auto whole = decoded(from, pixels_max, header);
  if (!whole) return whole.error();
  image source = std::move(*whole);
  if (!gdImageTrueColor(source.get()) && gdImagePaletteToTrueColor(source.get()) == 0)
    return {fault_code::internal, "out of memory"};
  // The orientation is applied to the small picture; its size is chosen for the turned one.
  const bool turned = header.orientation >= 5;
  const int wide = gdImageSX(source.get()), high = gdImageSY(source.get());
  const int box_width = static_cast<int>(turned ? size.height : size.width),
            box_height = static_cast<int>(turned ? size.width : size.height);
  const double across = static_cast<double>(box_width) / wide, down = static_cast<double>(box_height) / high;
  const double factor =
    std::min(1.0, size.method == thumbnail_method::crop ? std::max(across, down) : std::min(across, down));
  rectangle part{0, 0, wide, high};
  if (size.method == thumbnail_method::crop) {
    part.width = pixels(box_width / factor, wide);
    part.height = pixels(box_height / factor, high);
    part.x = (wide - part.width) / 2;
    part.y = (high - part.height) / 2;
  }
  image small{gdImageCreateTrueColor(pixels(part.width * factor, box_width), pixels(part.height * factor, box_height))};
  if (!small) return {fault_code::internal, "out of memory"};
  gdImageAlphaBlending(small.get(), 0);
  gdImageSaveAlpha(small.get(), 1);
  gdImageCopyResampled(small.get(), source.get(), 0, 0, part.x, part.y, gdImageSX(small.get()), gdImageSY(small.get()),
                       part.width, part.height);
  source.reset();
  small = upright(std::move(small), header.orientation);
  if (!small) return {fault_code::internal, "out of memory"};
  const bool as_jpeg = header.format == picture_format::jpeg;
  thumbnail out{encoded(small.get(), as_jpeg), as_jpeg ? "image/jpeg" : "image/png",
                static_cast<std::uint32_t>(gdImageSX(small.get())), static_cast<std::uint32_t>(gdImageSY(small.get()))};
  if (out.bytes.empty()) return {fault_code::internal, "the thumbnail cannot be encoded"};
  return out;
}

} // namespace causeway::media
