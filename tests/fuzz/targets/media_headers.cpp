#include "messages/limits.hpp"
#include "messages/matrix/media.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway;
using namespace causeway::matrix;

/// Types, dispositions, names and mxc URIs of strangers: what we send on cannot break out of its header.
FUZZ_TARGET(media_headers) {
  const auto clean = [](const std::string& text) {
    return text.find_first_of(std::string_view{"\r\n\0", 3}) == text.npos;
  };
  fuzz::must(clean(served_media_type(input)), "a served type is one line");
  fuzz::must(clean(content_disposition(input, input)), "a disposition is one line");
  fuzz::must(is_inline_safe(input) || content_disposition(input, "x").starts_with("attachment"),
             "what is not safe is an attachment");
  const auto name = safe_file_name(input);
  fuzz::must(name.size() <= 255 && name.find('/') == name.npos && name != "..", "a file name leads nowhere");
  fuzz::must(file_name_of(content_disposition("image/png", name)) == name, "a name comes back as it was");
  if (const auto mxc = split_mxc(input))
    fuzz::must(make_mxc(mxc->server_name, mxc->media_id) == input, "an mxc URI is its two parts");
  static_cast<void>(file_name_of(input));
}
