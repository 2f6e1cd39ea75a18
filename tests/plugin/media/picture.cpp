#include "plugin/media/picture.hpp"

#include <boost/test/unit_test.hpp>

#include <gd.h>

#include <fstream>
#include <iterator>

using namespace causeway;
using namespace causeway::media;

namespace {

constexpr int red = 0xff0000, green = 0x00ff00, blue = 0x0000ff, white = 0xffffff;

/// A picture whose quarters are red, green (right), blue (below), white.
struct quarters {
  quarters(int width, int height) : image(gdImageCreateTrueColor(width, height)) {
    gdImageFilledRectangle(image, 0, 0, width / 2 - 1, height / 2 - 1, red);
    gdImageFilledRectangle(image, width / 2, 0, width - 1, height / 2 - 1, green);
    gdImageFilledRectangle(image, 0, height / 2, width / 2 - 1, height - 1, blue);
    gdImageFilledRectangle(image, width / 2, height / 2, width - 1, height - 1, white);
  }
  quarters(const quarters&) = delete;
  quarters& operator=(const quarters&) = delete;
  ~quarters() { gdImageDestroy(image); }

  std::string as(picture_format format) const {
    int size = 0;
    void* bytes = format == picture_format::png    ? gdImagePngPtr(image, &size)
                  : format == picture_format::jpeg ? gdImageJpegPtr(image, &size, 95)
                  : format == picture_format::gif  ? gdImageGifPtr(image, &size)
                                                   : gdImageWebpPtr(image, &size);
    BOOST_REQUIRE(bytes != nullptr);
    std::string out{static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
    gdFree(bytes);
    return out;
  }

  gdImage* image;
};

/// A JPEG with the orientation put into an APP1 block, in either byte order.
std::string turned(std::string jpeg, int orientation, bool little) {
  using namespace std::string_literals;
  const char value = static_cast<char>(orientation);
  const auto block = little ? "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + value + "\0\0\0"s
                            : "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + value + "\0\0"s;
  const auto length = block.size() + 2;
  return jpeg.insert(2, "\xff\xe1"s + static_cast<char>(length >> 8) + static_cast<char>(length & 0xff) + block);
}

struct files {
  result<thumbnail> make(const std::string& bytes, thumbnail_size size, std::uint64_t pixels_max = 1'000'000) {
    const auto read = [&bytes](std::uint64_t offset, std::uint64_t most) -> result<std::string> {
      return offset < bytes.size() ? bytes.substr(offset, most) : std::string{};
    };
    return make_thumbnail(read, size, pixels_max);
  }
  void refuses(const std::string& bytes, fault_code code) {
    const auto made = make(bytes, {32, 32, thumbnail_method::crop});
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == code), to_string(made.error()));
  }
};

/// The colour at a point told in hundredths, rounded so that JPEG's noise is none.
int colour_at(const thumbnail& x, int across, int down) {
  auto* image = x.content_type == "image/png"
                  ? gdImageCreateFromPngPtr(static_cast<int>(x.bytes.size()), const_cast<char*>(x.bytes.data()))
                  : gdImageCreateFromJpegPtr(static_cast<int>(x.bytes.size()), const_cast<char*>(x.bytes.data()));
  BOOST_REQUIRE(image != nullptr);
  BOOST_TEST(static_cast<std::uint32_t>(gdImageSX(image)) == x.width);
  BOOST_TEST(static_cast<std::uint32_t>(gdImageSY(image)) == x.height);
  const auto c = gdImageGetTrueColorPixel(image, gdImageSX(image) * across / 100, gdImageSY(image) * down / 100);
  const auto round = [](int part) { return part > 128 ? 255 : 0; };
  const auto out = round(c >> 16 & 0xff) << 16 | round(c >> 8 & 0xff) << 8 | round(c & 0xff);
  gdImageDestroy(image);
  return out;
}

void corners(const thumbnail& x, int left_top, int right_top, int left_bottom, int right_bottom) {
  BOOST_TEST(colour_at(x, 25, 25) == left_top);
  BOOST_TEST(colour_at(x, 75, 25) == right_top);
  BOOST_TEST(colour_at(x, 25, 75) == left_bottom);
  BOOST_TEST(colour_at(x, 75, 75) == right_bottom);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(pictures, files)

BOOST_AUTO_TEST_CASE(headers_tell_the_size) {
  const quarters x{300, 200};
  for (const auto format : {picture_format::png, picture_format::jpeg, picture_format::gif, picture_format::webp}) {
    const auto header = read_picture_header(x.as(format));
    BOOST_REQUIRE(header);
    BOOST_TEST((header->format == format));
    BOOST_TEST(header->width == 300u);
    BOOST_TEST(header->height == 200u);
    BOOST_TEST(header->orientation == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_header_that_is_cut_tells_nothing) {
  const quarters x{300, 200};
  for (const auto format : {picture_format::png, picture_format::jpeg, picture_format::gif, picture_format::webp}) {
    const auto bytes = turned(x.as(format), 6, true);
    for (std::size_t n = 0; n < 400 && n < bytes.size(); ++n)
      static_cast<void>(read_picture_header(bytes.substr(0, n)));
    BOOST_TEST(!read_picture_header(x.as(format).substr(0, 9)));
  }
  for (const auto* nothing : {"", "hello", "GIF89a", "\xff\xd8\xff", "RIFF1234WEBPVP8X"})
    BOOST_TEST(!read_picture_header(nothing));
}

BOOST_AUTO_TEST_CASE(scale_fits_and_crop_fills) {
  const quarters x{1000, 500};
  const auto scaled = make(x.as(picture_format::png), {320, 240, thumbnail_method::scale});
  BOOST_REQUIRE(scaled);
  BOOST_TEST(scaled->content_type == "image/png");
  BOOST_TEST(scaled->width == 320u);
  BOOST_TEST(scaled->height == 160u);
  corners(*scaled, red, green, blue, white);
  const auto cropped = make(x.as(picture_format::jpeg), {96, 96, thumbnail_method::crop});
  BOOST_REQUIRE(cropped);
  BOOST_TEST(cropped->content_type == "image/jpeg");
  BOOST_TEST(cropped->width == 96u);
  BOOST_TEST(cropped->height == 96u);
  corners(*cropped, red, green, blue, white);
}

BOOST_AUTO_TEST_CASE(nothing_is_made_larger) {
  const quarters x{40, 20};
  for (const auto method : {thumbnail_method::crop, thumbnail_method::scale}) {
    const auto made = make(x.as(picture_format::gif), {96, 96, method});
    BOOST_REQUIRE(made);
    BOOST_TEST(made->width == 40u);
    BOOST_TEST(made->height == 20u);
    corners(*made, red, green, blue, white);
  }
  const auto thin = make(quarters{1000, 2}.as(picture_format::png), {32, 32, thumbnail_method::scale});
  BOOST_REQUIRE(thin);
  BOOST_TEST(thin->height == 1u);
}

BOOST_AUTO_TEST_CASE(every_format_is_decoded) {
  const quarters x{200, 200};
  for (const auto format : {picture_format::png, picture_format::jpeg, picture_format::gif, picture_format::webp}) {
    const auto made = make(x.as(format), {32, 32, thumbnail_method::scale});
    BOOST_REQUIRE(made);
    corners(*made, red, green, blue, white);
  }
}

BOOST_AUTO_TEST_CASE(a_picture_of_a_turned_camera_is_upright) {
  // What each orientation shows where; Exif 2.3, 4.6.4: row 0 and column 0 of the file are at these sides.
  const struct {
    int orientation, left_top, right_top, left_bottom, right_bottom;
  } expected[] = {{1, red, green, blue, white}, {2, green, red, white, blue}, {3, white, blue, green, red},
                  {4, blue, white, red, green}, {5, red, blue, green, white}, {6, blue, red, white, green},
                  {7, white, green, blue, red}, {8, green, white, red, blue}};
  const auto jpeg = quarters{400, 200}.as(picture_format::jpeg);
  for (const auto& e : expected) {
    BOOST_TEST_CONTEXT("orientation " << e.orientation) {
      const auto bytes = turned(jpeg, e.orientation, e.orientation % 2 == 0);
      BOOST_REQUIRE(read_picture_header(bytes));
      BOOST_TEST(int{read_picture_header(bytes)->orientation} == e.orientation);
      const auto made = make(bytes, {320, 240, thumbnail_method::scale});
      BOOST_REQUIRE(made);
      BOOST_TEST(made->width == (e.orientation >= 5 ? 120u : 320u));
      BOOST_TEST(made->height == (e.orientation >= 5 ? 240u : 160u));
      corners(*made, e.left_top, e.right_top, e.left_bottom, e.right_bottom);
    }
  }
}

BOOST_AUTO_TEST_CASE(more_pixels_than_allowed_are_not_decoded) {
  refuses(quarters{1001, 1000}.as(picture_format::png), fault_code::too_large);
  auto bomb = quarters{10, 10}.as(picture_format::png);
  bomb.replace(16, 8, std::string("\0\0\xff\xff\0\0\xff\xff", 8)); // says 65535 x 65535
  refuses(bomb, fault_code::too_large);
}

BOOST_AUTO_TEST_CASE(broken_pictures_and_other_files_are_refused) {
  const quarters x{100, 100};
  refuses("", fault_code::unsupported_media);
  refuses("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", fault_code::unsupported_media);
  for (const auto format : {picture_format::png, picture_format::gif, picture_format::webp}) {
    const auto bytes = x.as(format);
    refuses(bytes.substr(0, std::min<std::size_t>(40, bytes.size() / 2)), fault_code::unsupported_media);
  }
}

BOOST_AUTO_TEST_CASE(a_picture_that_cannot_be_read_is_not_called_broken) {
  const auto bytes = quarters{2'000, 2'000}.as(picture_format::jpeg);
  for (const std::uint64_t readable : {std::uint64_t{0}, std::uint64_t{bytes.size() / 2}}) {
    const auto made = make_thumbnail(
      [&](std::uint64_t offset, std::uint64_t most) -> result<std::string> {
        if (offset >= readable) return fault{fault_code::store_failed, "away"};
        return bytes.substr(offset, std::min(most, readable - offset));
      },
      {32, 32, thumbnail_method::crop}, 10'000'000);
    BOOST_REQUIRE(!made);
    BOOST_TEST(to_string(made.error()) == "store_failed: away");
  }
}

BOOST_AUTO_TEST_CASE(a_jpeg_of_countless_scans_is_refused) {
  auto bytes = quarters{100, 100}.as(picture_format::jpeg);
  for (int i = 0; i < 101; ++i) bytes += "\xff\xda";
  refuses(bytes, fault_code::unsupported_media);
}

BOOST_AUTO_TEST_CASE(sizes_are_those_of_the_specification) {
  const auto is = [](thumbnail_size wanted, std::uint32_t width, std::uint32_t height) {
    const auto got = nearest_size(wanted);
    BOOST_TEST(got.width == width);
    BOOST_TEST(got.height == height);
    BOOST_TEST((got.method == wanted.method));
  };
  is({1, 1, thumbnail_method::crop}, 32, 32);
  is({32, 33, thumbnail_method::crop}, 96, 96);
  is({97, 10, thumbnail_method::scale}, 320, 240);
  is({640, 480, thumbnail_method::scale}, 640, 480);
  is({9'999, 1, thumbnail_method::scale}, 800, 600);
}

BOOST_AUTO_TEST_SUITE_END()
