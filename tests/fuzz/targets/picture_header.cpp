#include "plugin/media/picture.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::media;

/// The beginning of a file that may be a picture: whatever is accepted has a size and an orientation of EXIF's.
FUZZ_TARGET(picture_header) {
  const auto x = read_picture_header(input);
  if (!x) return;
  causeway::fuzz::must(x->width > 0 && x->height > 0, "a picture has a size");
  causeway::fuzz::must(x->orientation >= 1 && x->orientation <= 8, "an orientation is one of eight");
}
