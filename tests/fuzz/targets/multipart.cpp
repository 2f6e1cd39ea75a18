#include "messages/matrix/media.hpp"
#include "messages/matrix/multipart.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway;
using namespace causeway::matrix;

namespace {

/// What was read, as text, bounded by what was fed.
struct log : part_listener {
  std::string text;
  std::size_t bytes = 0;
  status on_part(std::size_t number, const part_headers& headers) override {
    text += "|" + std::to_string(number) + "|" + headers.content_type + "|" + headers.content_disposition + "|" +
            headers.location + "|";
    return number < 2 ? ok() : status{fault_code::peer_bad_answer, "third"};
  }
  status on_part_bytes(std::size_t, std::string_view piece) override {
    text += piece;
    bytes += piece.size();
    return ok();
  }
};

std::string read(std::string_view boundary, std::string_view body, std::size_t step, std::size_t& bytes) {
  log into;
  multipart_reader reader{boundary, into};
  std::string end = "unfinished";
  bool broken = false;
  for (std::size_t at = 0; at < body.size() && !broken; at += step)
    if (auto fine = reader.feed(body.substr(at, step)); !fine) {
      end = to_string(fine.error());
      broken = true;
    }
  if (!broken && reader.finish()) end = "finished";
  bytes = into.bytes;
  // Where a fault is noticed depends on the cut; what a whole body says does not.
  return end == "finished" ? into.text + "|" + end : broken ? "broken" : end;
}

} // namespace

/// First line: a Content-Type; the rest: the body. A body is the same however it is cut into pieces.
FUZZ_TARGET(multipart) {
  const auto line = input.substr(0, input.find('\n'));
  const auto body = input.substr(std::min(line.size() + 1, input.size()));
  const auto boundary = boundary_of(line);
  if (boundary.empty()) return;
  fuzz::must(boundary.size() <= boundary_bytes_max, "a boundary is bounded");
  std::size_t whole_bytes = 0, cut_bytes = 0;
  const auto whole = read(boundary, body, body.size() + 1, whole_bytes);
  fuzz::must(whole_bytes <= body.size(), "no more comes out than went in");
  for (const std::size_t step : {1, 2, 13}) {
    const auto cut = read(boundary, body, step, cut_bytes);
    fuzz::must(cut == whole, "the cut does not matter");
  }
}
